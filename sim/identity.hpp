// Who a contact is: which emails and userIds the service accepts, and how it spells them.
//
// Pure functions without state; safe from any thread. They never fail: an identifier is either
// acceptable or it is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sim {

// How a project identifies people; fixed when the project is made.
// Source: docs/facts/iterable.md, project types.
enum class ProjectType { hybrid, email, user_id };

std::optional<ProjectType> parse_project_type(std::string_view text);
std::string_view to_string(ProjectType type);

// True for a name that stands in the root zone; expects lower case.
bool is_known_tld(std::string_view tld);

// ASCII lower case; the service stores addresses that way. Bytes above 127 are left alone, so the
// result does not depend on any locale.
std::string lower_ascii(std::string_view text);

// What becomes of letters beyond ASCII in an address. Source: docs/facts/iterable.md, identity.
enum class Letters { refuse, keep, lower };

// The address as the service stores it.
std::string spelled(std::string_view email, Letters letters);

// Characters of a text in UTF-8.
size_t count_characters(std::string_view text);

// True if the service would accept `email` as an address: a dot-atom (or one quoted string) of at
// most 64 bytes, '@', and a domain of letter-digit-hyphen labels that ends in a known top-level
// domain. No spaces are trimmed: a padded address is invalid. Letters beyond ASCII are taken in the
// local part, unless `letters` refuses them, which is stricter than the validator the service uses.
// Source: docs/facts/iterable.md, project types (Apache Commons validator, known domains).
bool is_valid_email(std::string_view email, Letters letters = Letters::refuse);

// True if the service would accept `user_id`: 1 to 52 printable ASCII characters, not ending in a
// space. Case matters. Source: docs/facts/iterable.md, project types.
bool is_valid_user_id(std::string_view user_id);

// Lower-case hex SHA-256 of the trimmed, lower-cased text, as the lists of forgotten people show
// it.
std::string hashed_identifier(std::string_view text);

}  // namespace sim
