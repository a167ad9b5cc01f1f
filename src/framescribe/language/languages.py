"""Knows which language a name or a code means; knows no texts."""

from __future__ import annotations

ANY = "any"
"""In place of a language: whichever it is."""

_NAMES = {
    "en": "eng english", "zh": "zho chi cmn yue chinese mandarin cantonese 中文 汉语 漢語 普通话 简体中文 繁體中文",
    "ja": "jpn jp japanese 日本語", "ko": "kor kr korean 한국어", "de": "deu ger german deutsch",
    "fr": "fra fre french français francais", "es": "spa spanish español espanol castellano castilian",
    "it": "ita italian italiano", "pt": "por portuguese português portugues brazilian", "nl": "nld dut dutch "
        "nederlands flemish",
    "ca": "cat catalan català", "ro": "ron rum romanian română", "sv": "swe swedish svenska",
    "da": "dan danish dansk", "no": "nor nb nn nob nno norwegian norsk bokmål nynorsk", "fi": "fin finnish suomi",
    "pl": "pol polish polski", "cs": "ces cze czech čeština", "sk": "slk slo slovak slovenčina",
    "hu": "hun hungarian magyar", "tr": "tur turkish türkçe", "vi": "vie vietnamese", "id": "ind indonesian ms msa "
        "malay",
    "hr": "hrv croatian bs bosnian hrvatski", "sl": "slv slovenian slovene", "et": "est estonian", "lv": "lav latvian",
    "lt": "lit lithuanian", "ru": "rus russian русский", "uk": "ukr ukrainian українська", "bg": "bul bulgarian "
        "български",
    "sr": "srp serbian српски", "el": "ell gre greek ελληνικά", "he": "heb iw hebrew עברית", "ar": "ara arabic العربية",
    "fa": "fas per persian farsi فارسی", "ur": "urd urdu اردو", "hi": "hin hindi हिन्दी", "th": "tha thai ไทย",
    "bn": "ben bengali bangla", "ta": "tam tamil", "te": "tel telugu", "ka": "kat geo georgian", "hy":
        "hye arm armenian",
}  # fmt: skip
_CODES = {name: code for code, names in _NAMES.items() for name in (code, *names.split())}


def code(language: str | None) -> str | None:
    """The two letters of a language, however it is written: "en" for "English", "EN", "en-US", "en_GB". None for a
    language that is not known here, and for none."""
    if not language:
        return None
    name = language.strip().lower()
    return _CODES.get(name) or _CODES.get(name.replace("_", "-").split("-")[0].split("(")[0].split(" ")[-1].strip())


def in_english(language: str) -> str:
    """What English calls a language: "Chinese" for "zh". One that is not known here stays as it is."""
    return _ENGLISH.get(code(language) or "", language)


_ENGLISH = {
    "en": "English", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "de": "German", "fr": "French", "es": "Spanish",
    "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "ca": "Catalan", "ro": "Romanian", "sv": "Swedish",
    "da": "Danish", "no": "Norwegian", "fi": "Finnish", "pl": "Polish", "cs": "Czech", "sk": "Slovak",
    "hu": "Hungarian", "tr": "Turkish", "vi": "Vietnamese", "id": "Indonesian", "hr": "Croatian", "sl": "Slovene",
    "et": "Estonian", "lv": "Latvian", "lt": "Lithuanian", "ru": "Russian", "uk": "Ukrainian", "bg": "Bulgarian",
    "sr": "Serbian", "el": "Greek", "he": "Hebrew", "ar": "Arabic", "fa": "Persian", "ur": "Urdu", "hi": "Hindi",
    "th": "Thai", "bn": "Bengali", "ta": "Tamil", "te": "Telugu", "ka": "Georgian", "hy": "Armenian",
}  # fmt: skip
