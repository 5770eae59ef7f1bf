"""The Jupyter Server that browser tests drive: Galata's, but with the XSRF check that users have."""

import os

from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)  # noqa: F821  the traitlets config object, given by Jupyter
c.ServerApp.port = int(os.environ["JUPYTER_PORT"])  # noqa: F821
c.ServerApp.disable_check_xsrf = False  # noqa: F821
c.ServerApp.allow_root = True  # noqa: F821  as in a container
