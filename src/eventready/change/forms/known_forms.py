"""The object of each form of configuration, by its name in platform.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.host_files import HostFilesForm
from eventready.change.forms.indented import IndentedForm
from eventready.change.forms.keyed import KeyedForm
from eventready.change.forms.menus import MenusForm
from eventready.change.forms.mml import MmlForm
from eventready.change.forms.paths import PathsForm
from eventready.platforms.model import ChangeSpec

FORMS: Mapping[str, type[ConfigurationForm]] = {
    "indented": IndentedForm,
    "paths": PathsForm,
    "menus": MenusForm,
    "keyed": KeyedForm,
    "mml": MmlForm,
    "host_files": HostFilesForm,
}


def form_of(spec: ChangeSpec) -> ConfigurationForm:
    """Return the form of a platform's configuration."""
    return FORMS[spec.form](spec)
