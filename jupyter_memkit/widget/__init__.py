"""The widget of ``%memkit live``: the sidebar's chart in any front end with widgets."""
