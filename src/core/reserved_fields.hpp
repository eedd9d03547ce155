// Iterable's fields that no attribute may be written to.
#pragma once

#include <array>
#include <string_view>

namespace rollcall {

// Who a contact is: the match key names people.
inline constexpr std::array<std::string_view, 2> kIdentifyingFields = {"email", "userId"};

// Which lists and channels somebody is on, and what Iterable itself keeps.
inline constexpr std::array<std::string_view, 8> kFieldsIterableKeeps = {
    "emailListIds",
    "userListIds",
    "subscribedMessageTypeIds",
    "unsubscribedMessageTypeIds",
    "unsubscribedChannelIds",
    "itblInternal",
    "itblUserId",
    "profileUpdatedAt"};

}  // namespace rollcall
