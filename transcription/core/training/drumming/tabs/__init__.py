"""The written styles, a module a family; ``style_tabs`` says how a tab is read."""
