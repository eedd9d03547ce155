// The few pages that are made here, without a script: text for people where the page is not.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "http_server/http_server.hpp"

namespace rollcall::api {

inline std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// `to`: where it goes on to by itself, at once.
inline http_server::Response html_page(std::string_view title, int status, const std::string& body,
                                       std::string_view to = {}) {
  const std::string on =
      to.empty()
          ? ""
          : fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", escaped_html(to));
  return {.status = status,
          .headers = {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-store"}},
          .body = fmt::format("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                              "<meta name=\"viewport\" content=\"width=device-width\">{}"
                              "<title>{} · Rollcall</title><body>{}</body></html>\n",
                              on, escaped_html(title), body)};
}

}  // namespace rollcall::api
