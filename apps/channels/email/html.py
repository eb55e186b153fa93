"""The HTML of a message: made safe, its styles written into the elements, and as readable text.

What staff write comes from an editor in their browser or from a template somebody sent them, so it is never trusted:
only what a message needs stays. Merge tags pass through untouched, as text and inside `href="{{ unsubscribe_link }}"`.
"""

import re

import css_inline
import nh3

from apps.channels.email.plain_text import to_text

__all__ = ["inline_css", "make_safe", "to_text"]


def _words(text: str) -> set[str]:
    return set(text.split())


_TAGS = _words(
    "a abbr address b big blockquote br caption center cite code col colgroup dd del div dl dt em figcaption figure "
    "font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s small span strike strong sub sup table tbody td "
    "tfoot th thead tr tt u ul"
)
_GONE_WITH_CONTENT = _words(
    "script style title template noscript iframe object embed applet svg math audio video canvas textarea select "
    "noembed noframes xmp plaintext"
)
_ATTRIBUTES = {
    "*": {"style", "class", "id", "dir", "lang", "title", "align", "role"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height", "border"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "table": {"width", "height", "border", "cellpadding", "cellspacing", "bgcolor"},
    "tr": {"height", "valign", "bgcolor"},
    "td": {"width", "height", "valign", "bgcolor", "colspan", "rowspan", "nowrap"},
    "th": {"width", "height", "valign", "bgcolor", "colspan", "rowspan", "nowrap", "scope"},
    "col": {"width", "span"},
    "colgroup": {"width", "span"},
    "hr": {"width", "size", "color", "noshade"},
}
_LINK_SCHEMES = {"http", "https", "mailto", "tel"}
_IMAGE_SCHEMES = {"https", "cid"}
_IMAGE_DATA = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[a-z0-9+/=\s]*\Z", re.IGNORECASE)

_PROPERTIES = _words(
    "background background-color border border-collapse border-color border-radius border-spacing border-style "
    "border-width box-sizing caption-side clear color direction display empty-cells float font font-family font-size "
    "font-style font-variant font-weight height letter-spacing line-height list-style list-style-position "
    "list-style-type margin max-height max-width min-height min-width overflow-wrap padding table-layout text-align "
    "text-decoration text-decoration-color text-decoration-line text-decoration-style text-indent text-transform "
    "vertical-align white-space width word-break word-spacing word-wrap"
)
_SIDED_PROPERTY = re.compile(
    r"(?:margin|padding)-(?:top|right|bottom|left)"
    r"|border-(?:top|right|bottom|left)(?:-(?:color|style|width))?"
    r"|border-(?:top|bottom)-(?:left|right)-radius"
)
# No backslash (escapes hide words), no url(), no expression(), nothing that could end the attribute or the declaration.
_VALUE = re.compile(r"[\w\s#.,%'\"()!/+*-]*", re.ASCII)
_FUNCTION = re.compile(r"([\w-]*)\s*\(")
_FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "calc"}

_MERGE_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_STYLE_BLOCK = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.IGNORECASE | re.DOTALL)
_LINK_ELEMENT = re.compile(r"<link\b[^>]*>?", re.IGNORECASE)
_CSS_NOISE = re.compile(r"/\*.*?\*/|<!--|-->|@(?:import|charset|namespace)[^;{}]*;?", re.IGNORECASE | re.DOTALL)


def make_safe(html: str) -> str:
    """`html` with only what a message needs, as a fragment without `<html>` or `<body>`.

    `<style>` blocks are written into the elements they meet; then every style attribute is reduced to safe properties.
    Never raises: what cannot be understood is left out.
    """
    css = _CSS_NOISE.sub("", "\n".join(_STYLE_BLOCK.findall(html)))
    safe = _clean(html.replace("\0", ""))
    if css.strip():
        safe = _clean(_with_styles(safe, css))
    return safe


def inline_css(document: str) -> str:
    """A whole document whose `<style>` rules stand in the elements; `@media` rules stay in the head.

    Nothing is loaded, neither from the network nor from a file.
    """
    return _DOCUMENT_INLINER.inline(_LINK_ELEMENT.sub("", document))


_DOCUMENT_INLINER = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
_FRAGMENT_INLINER = css_inline.CSSInliner(inline_style_tags=False, load_remote_stylesheets=False)


def _with_styles(fragment: str, css: str) -> str:
    try:
        return _FRAGMENT_INLINER.inline_fragment(fragment, css)
    except css_inline.InlineError:
        return fragment


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=_LINK_SCHEMES | _IMAGE_SCHEMES | {"data"},
        link_rel=None,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return _safe_style(value) or None
    if name == "href":
        return _safe_link(value)
    if name == "src":
        return _safe_image(value)
    return value


def _safe_link(value: str) -> str | None:
    value = value.strip()
    if value.lower().startswith("www."):
        return f"https://{value}"
    scheme = _scheme(value)
    if scheme:
        return value if scheme in _LINK_SCHEMES else None
    return value if value.startswith("#") or _MERGE_TAG.match(value) else None


def _safe_image(value: str) -> str | None:
    value = value.strip()
    if _scheme(value) in _IMAGE_SCHEMES or _IMAGE_DATA.match(value):
        return value
    return value if _MERGE_TAG.fullmatch(value) else None


def _scheme(url: str) -> str:
    """The scheme a browser would see, with every merge tag standing for some letters."""
    found = _SCHEME.match(_IGNORED_IN_URLS.sub("", _MERGE_TAG.sub("x", url)))
    return found[1].lower() if found else ""


def _safe_style(style: str) -> str:
    declarations = (declaration.partition(":") for declaration in style.split(";"))
    return "; ".join(
        f"{name.strip().lower()}: {value.strip()}"
        for name, colon, value in declarations
        if colon and value.strip() and _is_safe_property(name.strip().lower()) and _is_safe_value(value)
    )


def _is_safe_property(name: str) -> bool:
    return name in _PROPERTIES or _SIDED_PROPERTY.fullmatch(name) is not None


def _is_safe_value(value: str) -> bool:
    if not _VALUE.fullmatch(value):
        return False
    return all(function.lower() in _FUNCTIONS for function in _FUNCTION.findall(value))
