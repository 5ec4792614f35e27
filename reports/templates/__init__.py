"""The page: HTML template, style sheet and script, put together by `judge.reports.render`."""
