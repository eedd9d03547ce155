#include "page/page.hpp"

#include <gmock/gmock.h>

#include <regex>

namespace rollcall::page {
namespace {

using http_server::Request;
using http_server::Response;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Page : public ::testing::Test {
 protected:
  Response get(const std::string& path, http_server::Pairs headers = {}) {
    return answer({.method = "GET", .target = path, .path = path, .headers = std::move(headers)},
                  random_);
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
  // The first path that index.html names by this form.
  std::string named(const std::string& form) {
    const std::string body = get("/").body;
    std::smatch found;
    EXPECT_TRUE(std::regex_search(body, found, std::regex(form))) << body;
    return found[1];
  }

 private:
  SeededRandom random_{7};
};

TEST_F(Page, every_path_of_the_page_is_index_html_with_a_nonce_of_its_own) {
  const Response first = get("/"), second = get("/segments/1234/edit");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(header(first, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(first, "Content-Encoding"), "");
  EXPECT_THAT(first.body, Not(HasSubstr("ROLLCALL_NONCE")));
  const std::regex nonce("'nonce-([0-9a-f]{32})'");
  std::smatch one, other;
  const std::string a = header(first, "Content-Security-Policy"),
                    b = header(second, "Content-Security-Policy");
  ASSERT_TRUE(std::regex_search(a, one, nonce) && std::regex_search(b, other, nonce));
  EXPECT_NE(one[1], other[1]);
  EXPECT_THAT(first.body, HasSubstr("nonce=\"" + one[1].str() + "\""));
  EXPECT_THAT(a, HasSubstr("script-src 'self';"));
  EXPECT_THAT(a, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(get("/index.html"), "Content-Type"), "text/html; charset=utf-8");
}

TEST_F(Page, files_are_compressed_and_kept_for_good) {
  for (const auto& [form, type] : {std::pair("src=\"(/assets/[^\"]+)\"", "text/javascript"),
                                   std::pair("href=\"(/assets/[^\"]+)\"", "text/css")}) {
    const std::string path = named(form);
    const Response file = get(path);
    EXPECT_EQ(file.status, 200);
    EXPECT_THAT(header(file, "Content-Type"), StartsWith(type));
    EXPECT_EQ(header(file, "Content-Encoding"), "gzip");
    EXPECT_THAT(file.body, StartsWith("\x1f\x8b"));
    EXPECT_THAT(header(file, "Cache-Control"), HasSubstr("immutable"));
    const Response again = get(path, {{"if-none-match", header(file, "ETag")}});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(get(path, {{"if-none-match", "\"another\""}}).status, 200);
  }
  EXPECT_EQ(header(get("/icon.svg"), "Content-Type"), "image/svg+xml");
  EXPECT_THAT(header(get("/icon.svg"), "Cache-Control"), Not(HasSubstr("immutable")));
}

TEST_F(Page, a_file_of_another_version_is_not_index_html) {
  const Response gone = get("/assets/index-00000000.js");
  EXPECT_EQ(gone.status, 404);
  EXPECT_THAT(header(gone, "Content-Type"), StartsWith("text/plain"));
}

}  // namespace
}  // namespace rollcall::page
