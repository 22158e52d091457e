"""A small byte-fallback BPE in the shape of Gemma's tokenizer, learned from a few sentences by plain pair counting."""
from collections import Counter

SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
NEWLINES = ["\n" * n for n in range(1, 6)]
IMAGE = ["<start_of_image>", "<end_of_image>", "<image_soft_token>"]

TEXT = """A red fox runs through a snowy forest at dawn while soft wind moves the birches. The camera follows low behind it and
then rises slowly above the trees. Rain falls on a quiet pasture; a brown cow lifts its head and looks into the lens. A woman with
grey hair plays a slow melody on an old piano in a bright room, the light of the window on her hands. Waves break against black
rocks under a heavy sky, gulls cry, and the foam runs back between the stones. Two children laugh and fly a yellow kite on the
beach. A train leaves the station at night, its windows shine, steam covers the platform. Close-up of a cup of coffee on a wooden
table, smoke curling in the morning sun. The city street is full of people, cars and neon signs; footsteps and distant music can
be heard. A small robot waters the flowers in a glass house, gears whirring softly. Wide shot, shallow depth of field, cinematic
lighting, natural colours, smooth motion, clear sound. blurry, distorted, low quality, jittery motion, muffled sound, artifacts,
overexposed, watermark, text, noise."""


def learn(merge_count: int) -> tuple[list, list]:
    """(alphabet, merges) of the text, spaces written as the lower block."""
    text = " ".join(TEXT.split()).replace(" ", "▁")
    alphabet = sorted(set(text) | set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,;:!?'\"()-"))
    words = Counter("▁" + word for word in text.split("▁") if word)
    parts = {word: list(word) for word in words}
    merges = []
    while len(merges) < merge_count:
        pairs = Counter()
        for word, count in words.items():
            pieces = parts[word]
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(list(best))
        for word, pieces in parts.items():
            merged, i = [], 0
            while i < len(pieces):
                if i + 1 < len(pieces) and (pieces[i], pieces[i + 1]) == best:
                    merged.append(pieces[i] + pieces[i + 1])
                    i += 2
                else:
                    merged.append(pieces[i])
                    i += 1
            parts[word] = merged
    return alphabet, merges


def build(merge_count: int = 600) -> tuple[dict, int]:
    """(tokenizer.json, number of pieces)."""
    alphabet, merges = learn(merge_count)
    pieces = SPECIAL + NEWLINES + [f"<0x{byte:02X}>" for byte in range(256)] + alphabet
    known = set(pieces)
    for left, right in merges:
        if left + right not in known:
            known.add(left + right)
            pieces.append(left + right)
    pieces += IMAGE
    vocab = {piece: index for index, piece in enumerate(pieces)}

    def added(content: str, special: bool) -> dict:
        return {"id": vocab[content], "content": content, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False, "special": special}

    def template(*names: str) -> list:
        return [{"SpecialToken": {"id": "<bos>", "type_id": i}} if name == "<bos>" else {"Sequence": {"id": name, "type_id": i}}
                for i, group in enumerate(names) for name in ("<bos>", group)]

    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(piece, True) for piece in SPECIAL] + [added(piece, False) for piece in NEWLINES]
        + [added(piece, True) for piece in IMAGE],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        "post_processor": {"type": "TemplateProcessing", "single": template("A"), "pair": template("A", "B"),
                           "special_tokens": {"<bos>": {"id": "<bos>", "ids": [vocab["<bos>"]], "tokens": ["<bos>"]}}},
        "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                                                      {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocab, "merges": merges},
    }, len(pieces)
