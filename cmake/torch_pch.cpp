// Owner of the precompiled header; no code.
