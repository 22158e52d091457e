# Sphinx: the guides (Markdown, MyST) and the reference (Doxygen's XML of the public headers, Breathe). Run by scripts/docs.
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = (ROOT / "include/ltx_c.h").read_text()

project = "libltx"
author = "The libltx authors"
version = release = ".".join(re.search(rf"#define LTX_VERSION_{part} (\d+)", HEADER)[1] for part in ("MAJOR", "MINOR", "PATCH"))

extensions = ["myst_parser", "breathe"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["Thumbs.db"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3  # pipelines.md links to its own sections

breathe_projects = {"ltx": os.environ.get("LTX_DOXYGEN_XML", "")}
breathe_default_project = "ltx"
breathe_domain_by_extension = {"h": "c", "hpp": "cpp"}
breathe_default_members = ("members", "undoc-members")
primary_domain = "c"
highlight_language = "none"  # an indented block is a command line or a diagram
nitpicky = False

html_theme = "furo"
html_title = f"libltx {release}"
html_copy_source = False
html_show_sphinx = False
