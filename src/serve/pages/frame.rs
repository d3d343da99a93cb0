//! What both pages share: head, header with navigation, footer.

use super::html::Text;
use crate::serve::openapi::ApiInfo;

/// A small mark as the page's icon; without one a browser asks for `/favicon.ico`.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
%3Crect width='16' height='16' rx='3.5' fill='%230b63ce'/%3E\
%3Cpath d='M3.5 11.5v-3M8 11.5v-7M12.5 11.5v-5' stroke='white' stroke-width='2.2' stroke-linecap='round'/%3E%3C/svg%3E";

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
         <span class=\"brand\"><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect width=\"16\" height=\"16\" rx=\"3.5\"/>\
         <path d=\"M3.5 11.5v-3M8 11.5v-7M12.5 11.5v-5\"/></svg>scorelet</span>\n\
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
