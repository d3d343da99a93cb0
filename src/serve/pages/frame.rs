//! What both pages share: head, header with navigation, footer.

use crate::html::{BRAND, ICON, Text};
use crate::serve::openapi::ApiInfo;

/// The pages, in the order of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Status,
    Docs,
}

/// A whole document around `main`. All links are relative, so that the pages work behind a path prefix.
pub(super) fn frame(page: Page, api: &ApiInfo, main: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let (title, id, refresh) = match page {
        // Without JavaScript the page reloads as a whole.
        Page::Status => ("Status", "status", "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>\n"),
        Page::Docs => ("API", "docs", ""),
    };
    let current = |other| if page == other { " aria-current=\"page\"" } else { "" };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n{refresh}\
         <title>{name} · {title} · scorelet</title>\n<link rel=\"icon\" href=\"{ICON}\">\n\
         <link rel=\"stylesheet\" href=\"docs/page.css?v={assets:x}\">\n\
         <script src=\"docs/page.js?v={assets:x}\" defer></script>\n</head>\n<body data-page=\"{id}\">\n\
         <a class=\"skip\" href=\"#main\">Skip to content</a>\n\
         <header class=\"top\"><div class=\"wrap\">\n\
         {BRAND}\n\
         <nav aria-label=\"Pages\"><a href=\"./\"{status}>Status</a><a href=\"docs\"{docs}>API</a>\
         <a href=\"metrics\">Metrics</a><a href=\"swagger.json?version=3.1\">OpenAPI</a></nav>\n</div></header>\n\
         <main id=\"main\" class=\"wrap\">\n{main}</main>\n\
         <footer class=\"wrap\">scorelet {version}</footer>\n</body>\n</html>\n",
        name = Text(&api.service.model_name),
        assets = super::ASSETS,
        status = current(Page::Status),
        docs = current(Page::Docs),
    )
}
