#include "page/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

// web/embed.ts writes the list when the page is built: PAGE_FILE(NUMBER, PATH, TYPE, TAG, FROM) for each.
#define PAGE_FILE(number, path, type, tag, from)                                                 \
  asm(".section .rodata\n.global rollcall_page_begin_" #number                                   \
      "\n.global rollcall_page_end_" #number "\nrollcall_page_begin_" #number                    \
      ":\n.incbin \"" ROLLCALL_PAGE "/" from "\"\nrollcall_page_end_" #number ":\n.previous\n"); \
  extern "C" const char rollcall_page_begin_##number[], rollcall_page_end_##number[];
#include ROLLCALL_PAGE_LIST
#undef PAGE_FILE

namespace rollcall::page {
namespace {

using http_server::Request;
using http_server::Response;

struct Kept {
  std::string_view path, type, tag;
  std::string_view bytes;
};

#define PAGE_FILE(number, path, type, tag, from) \
  {path, type, tag, {rollcall_page_begin_##number, rollcall_page_end_##number}},
const Kept kKept[] = {
#include ROLLCALL_PAGE_LIST
};
#undef PAGE_FILE

constexpr std::string_view kIndex = "/index.html";
constexpr std::string_view kAssets = "/assets/";
constexpr std::string_view kNonce = "ROLLCALL_NONCE";

const Kept* find(std::string_view path) {
  const auto* const found = std::ranges::find(kKept, path, &Kept::path);
  return found == std::end(kKept) ? nullptr : found;
}

Response index(Random& random) {
  const std::string nonce = fmt::format("{:016x}{:016x}", random.next(), random.next());
  std::string body(find(kIndex)->bytes);
  for (size_t at = 0; (at = body.find(kNonce, at)) != std::string::npos; at += nonce.size())
    body.replace(at, kNonce.size(), nonce);
  return {.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy",
                       fmt::format("default-src 'none'; script-src 'self'; style-src 'self' "
                                   "'nonce-{}'; img-src 'self'; connect-src 'self'; form-action "
                                   "'self'; base-uri 'none'; frame-ancestors 'none'",
                                   nonce)},
                      {"Cross-Origin-Opener-Policy", "same-origin"}},
          .body = std::move(body)};
}

Response file(const Request& request, const Kept& kept) {
  const std::string tag = fmt::format("\"{}\"", kept.tag);
  const bool named_by_content = kept.path.starts_with(kAssets);
  Response out{
      .headers = {{"ETag", tag},
                  {"Cache-Control", named_by_content ? "public, max-age=31536000, immutable"
                                                     : "public, max-age=3600"}}};
  if (request.header("if-none-match") == tag) {
    out.status = 304;
    return out;
  }
  out.headers.emplace_back("Content-Type", kept.type);
  out.headers.emplace_back("Content-Encoding", "gzip");
  out.body = kept.bytes;
  return out;
}

}  // namespace

Response answer(const Request& request, Random& random) {
  if (request.path == kIndex) return index(random);
  if (const Kept* const kept = find(request.path)) return file(request, *kept);
  // Of another version of the page: a browser must not take index.html for a script.
  if (request.path.starts_with(kAssets))
    return {.status = 404,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
            .body = "There is no such file; load the page again.\n"};
  return index(random);
}

}  // namespace rollcall::page
