"""Sphinx's settings. `language` is set by the build: the pages are English, their Korean is in `locale/ko`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import minidl

project = "minidl"
version = release = minidl.__version__
html_title = "minidl"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "docs.extensions.mathml",
    "docs.extensions.docstrings",
    "docs.extensions.names",
    "docs.extensions.frames",
    "docs.extensions.house",
    "docs.extensions.languages",
]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "amsmath"]
myst_heading_anchors = 4
myst_url_schemes = {
    "http": None,
    "https": None,
    "lesson": "lesson/{{path}}.html#{{fragment}}",  # [its dw](lesson:lecture#conv1.dw)
    "lab-lesson": "../lesson/lecture.html#{{path}}",
}
nb_execution_mode = "off"  # the labs are shipped executed
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # nothing from another site
# A lab is a notebook before it is a page: a heading may stand where it likes, and its cells name their own lexer.
suppress_warnings = ["myst.header", "mystnb.lexer"]

locale_dirs = [str(Path(__file__).parent / "locale")]
gettext_compact = False
gettext_location = False
gettext_uuid = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it in shapes; the types would double every signature
toc_object_entries = False  # the pages of the reference are long enough
python_maximum_signature_line_length = 88

html_use_index = html_domain_indices = False  # there is a search
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5a74", "color-brand-content": "#0b5a74"},
    "dark_css_variables": {"color-brand-primary": "#7cc4da", "color-brand-content": "#7cc4da"},
}
