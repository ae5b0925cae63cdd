"""The frame around the pages: actions, header, sidebar, log, and the main window that puts them together."""
