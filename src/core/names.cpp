// What core's doors call the spelling of an enumerator; the spellings are in words.hpp.
#include "core/words.hpp"

namespace rollcall {

std::string_view to_string(FieldType type) { return type == FieldType::json ? "json" : word(type); }
std::string_view to_string(ProofRules::By by) { return word(by); }
std::string_view to_string(ProofWay way) { return word(way); }
std::string_view to_string(OutcomeKind kind) { return word(kind); }
std::string_view to_string(ChangeKind kind) { return word(kind); }
std::string_view to_string(RunKind kind) { return word(kind); }
std::string_view to_string(Trigger trigger) { return word(trigger); }
std::string_view to_string(RunStatus status) { return word(status); }
std::string_view to_string(KeyType type) { return word(type); }
std::string_view to_string(ProjectType type) { return word(type); }
std::string_view to_string(AttributeType type) { return word(type); }

}  // namespace rollcall
