// Whatever a catalog holds, writing and reading it gives the same back, through YAML and through
// the store's JSON; and whatever bytes are read, nothing worse happens than problems.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog.hpp"
#include "catalog/example_test.hpp"

namespace rollcall::catalog {
namespace {

References references() {
  References out;
  out.environment = [](const std::string& name) { return std::optional("value of " + name); };
  out.file = [](const std::filesystem::path&) -> Result<std::string> {
    return std::string("file");
  };
  out.folder = "/work";
  return out;
}

// Catalogs out of everything that text, numbers and rules can be.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Catalog catalog() {
    Catalog out;
    out.sources.push_back({"s" + name(), maybe(name()), "csv", {}, {}, {}, {}});
    out.sources[0].options = {
        {"path", "/" + text()}, {"header", flip() ? "true" : "false"}, {"delimiter", text()}};
    Model model;
    model.name = "m" + name();
    model.id = maybe(name());
    model.source = out.sources[0].name;
    if (flip())
      model.table = "t" + text();
    else
      model.sql = "s" + text();
    model.primary_key = "k" + text();
    model.tz = flip() ? "UTC" : "Europe/Paris";
    for (uint64_t i = 0; i < below(3); ++i)
      model.fields.push_back({"f" + std::to_string(i) + name(), text(), text()});
    if (flip() && !model.fields.empty()) {
      model.fields[0].type = FieldType::date;
      model.fields[0].format = text();
    }
    if (flip())
      model.types[model.table.empty() ? "t" : model.table] = {
          {"c" + text(), {.type = FieldType::number}},
          {"d" + text(), {.type = FieldType::timestamp, .zoned = flip()}}};
    model.relations.push_back(
        {"r" + name(), RelationKind::has_many, model.name, "a" + text(), "b" + text()});
    relation_ = model.relations[0].name;
    ComputedField cases;
    cases.name = "c" + name();
    cases.label = text();
    cases.how =
        ComputedField::Cases{{{std::make_shared<Rule>(rule(2)), scalar()}, {nullptr, scalar()}}};
    ComputedField aggregated;
    aggregated.name = "g" + name();
    aggregated.how = ComputedField::Aggregated{Aggregate::sum, relation_, "x" + text(),
                                               flip() ? std::make_shared<Rule>(rule(1)) : nullptr};
    ComputedField formula;
    formula.name = "h" + name();
    formula.how = ComputedField::Formula{"1" + text()};
    model.computed = {cases, aggregated, formula};
    out.models.push_back(model);
    for (uint64_t i = 0; i < 1 + below(3); ++i) {
      Segment segment;
      segment.name = std::to_string(i) + name();
      segment.model = model.name;
      segment.description = text();
      segment.tags = {text(), text()};
      segment.where = rule(3);
      out.segments.push_back(segment);
    }
    Destination destination;
    destination.name = "d" + name();
    destination.api_key = Secret("key");
    destination.project_type = flip() ? ProjectType::hybrid : ProjectType::email;
    destination.settle = std::chrono::milliseconds(below(4) * 1500);
    destination.proof.by = flip() ? ProofRules::By::fastest : ProofRules::By::look_up;
    destination.proof.max_age = std::chrono::milliseconds(1000 + below(4) * 1500);
    if (flip()) destination.exclusions = {out.segments[0].name};
    if (flip()) {
      destination.defaults.emplace();
      destination.defaults->match_key = MatchKey{KeyType::email, "e" + text()};
      destination.defaults->attributes = attributes();
      if (flip()) destination.defaults->model = model.name;
      if (flip()) destination.defaults->schedule = schedule();
      if (flip()) destination.defaults->guard = guard();
      if (flip()) destination.defaults->on_null = OnNull::keep;
    }
    out.destinations.push_back(destination);
    for (const Segment& segment : out.segments) {
      Activation activation;
      activation.segment = segment.name;
      activation.destination = destination.name;
      activation.name = segment.name;
      activation.description = text();
      activation.match_key = {flip() ? KeyType::email : KeyType::user_id, "e" + text()};
      activation.attributes = attributes();
      activation.on_null = flip() ? OnNull::clear : OnNull::keep;
      activation.remove_foreign = flip();
      activation.guard = guard();
      if (flip()) activation.audit_every.reset();
      activation.schedule = schedule();
      activation.paused = flip();
      out.activations.push_back(activation);
    }
    return out;
  }

  std::string mutate(std::string text) {
    for (uint64_t i = 0; i < 1 + below(4); ++i) {
      const size_t at = below(text.size() + 1),
                   length = std::min<size_t>(below(12), text.size() - at);
      switch (below(5)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, piece());
          break;
        case 2:
          text.insert(below(text.size() + 1), text.substr(at, length));
          break;
        case 3:
          text.replace(at, length, piece());
          break;
        case 4:
          if (at < text.size()) text[at] = static_cast<char>(below(256));
          break;
      }
    }
    return text;
  }

 private:
  uint64_t below(uint64_t n) { return random_.next() % n; }
  bool flip() { return below(2) == 0; }
  std::optional<std::string> maybe(std::string value) {
    return flip() ? std::optional("i" + std::move(value)) : std::nullopt;
  }

  std::string piece() {
    static const std::vector<std::string> kPieces = {"a",
                                                     "Z",
                                                     " ",
                                                     "  ",
                                                     ":",
                                                     ": ",
                                                     "#",
                                                     " #",
                                                     "'",
                                                     "\"",
                                                     "\\",
                                                     "\n",
                                                     "\n\n",
                                                     "\t",
                                                     "é",
                                                     "李",
                                                     "😀",
                                                     "{",
                                                     "}",
                                                     "[",
                                                     "]",
                                                     ",",
                                                     "&x",
                                                     "*x",
                                                     "!",
                                                     "!!str ",
                                                     "|",
                                                     ">",
                                                     "%",
                                                     "@",
                                                     "`",
                                                     "-",
                                                     "- ",
                                                     "? ",
                                                     "${X}",
                                                     "${",
                                                     "$",
                                                     "$$",
                                                     "file:",
                                                     "~",
                                                     "null",
                                                     "true",
                                                     "Yes",
                                                     "no",
                                                     "1",
                                                     "0",
                                                     "1e3",
                                                     ".5",
                                                     "0x1F",
                                                     "2026-01-01",
                                                     "\xc2\x85",
                                                     "\xe2\x80\xa8",
                                                     "\xef\xbb\xbf",
                                                     "\r",
                                                     "\x01",
                                                     "\x7f",
                                                     "---",
                                                     "...",
                                                     "<<",
                                                     "=",
                                                     "stored",
                                                     "never"};
    return kPieces[below(kPieces.size())];
  }
  std::string text() {
    std::string out;
    for (uint64_t i = below(6); i > 0; --i) out += piece();
    return out;
  }
  // What may stand between two letters of a name.
  std::string name() {
    std::string out;
    for (const char c : text())
      if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    return out + "n";
  }
  Scalar scalar() {
    switch (below(5)) {
      case 0:
        return flip();
      case 1:
        return static_cast<int64_t>(random_.next());
      case 2:
        return static_cast<double>(below(1000)) / 8;
      case 3:
        return random_.unit() * 1e300;
      default:
        return text();
    }
  }
  Duration span() {
    return {static_cast<Duration::Unit>(below(6)), static_cast<int64_t>(below(200))};
  }
  Rule rule(int depth) {
    Rule out;
    const auto rules = [&] {
      std::vector<Rule> all;
      for (uint64_t i = below(3); i > 0; --i) all.push_back(rule(depth - 1));
      return all;
    };
    switch (below(depth > 0 ? 8 : 4)) {
      case 0:
        out.test = FieldTest{text(), Op::eq, scalar(), flip()};
        break;
      case 1:
        out.test = FieldTest{text(), Op::in, std::vector<Scalar>{scalar(), scalar()}, false};
        break;
      case 2:
        out.test = FieldTest{text(), Op::before, flip() ? Operand(span()) : Operand(Scalar(text())),
                             false};
        break;
      case 3:
        out.test = FieldTest{text(), Op::is_blank, {}, false};
        break;
      case 4:
        out.test = AllOf{rules()};
        break;
      case 5:
        out.test = AnyOf{rules()};
        break;
      case 6:
        out.test = NoneOf{rules()};
        break;
      case 7: {
        RelatedTest test{.relation = relation_};
        if (flip()) {
          test.aggregate = static_cast<Aggregate>(1 + below(5));  // all but count
          test.field = "f" + text();
        }
        if (flip()) test.op = Op::between, test.value = std::vector<Scalar>{int64_t{1}, int64_t{5}};
        if (flip()) test.where = std::make_shared<Rule>(rule(depth - 1));
        out.test = std::move(test);
        break;
      }
    }
    return out;
  }
  std::vector<Attribute> attributes() {
    std::vector<Attribute> out;
    for (uint64_t i = 0; i < below(3); ++i) {
      Attribute one{text(), std::to_string(i) + name()};
      if (flip()) one.type = AttributeType::object;
      one.create = flip();
      one.merge = flip();
      out.push_back(std::move(one));
    }
    return out;
  }
  Schedule schedule() {
    Schedule out;
    out.kind = static_cast<Schedule::Kind>(below(4));
    if (out.kind == Schedule::Kind::every) out.every = std::chrono::seconds(300 + below(9999));
    if (out.kind == Schedule::Kind::recurrences)
      out.recurrences = {{{"mon", "sun"}, "09:00", "Asia/Tokyo"}, {{"tue"}, "23:59"}};
    if (out.kind == Schedule::Kind::cron)
      out.cron = "0 7 * * *", out.tz = flip() ? "UTC" : "Asia/Tokyo";
    return out;
  }
  GuardLimits guard() {
    if (flip()) return {};
    return {random_.unit(), static_cast<int64_t>(below(1'000'000)), random_.unit() * 10,
            random_.unit(), flip()};
  }

  SeededRandom random_;
  std::string relation_;
};

TEST(RoundTripTest, WhatIsWrittenReadsAsTheSame) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const Catalog catalog = Generator(seed).catalog();
    const std::string written = write(catalog);
    const ReadResult result = read(written, catalog, references());
    for (const Problem& problem : result.problems)
      FAIL() << "seed " << seed << "\n" << to_text(problem, "f.yaml") << "\n" << written;
    ASSERT_EQ(result.catalog.sources[0].options, catalog.sources[0].options)
        << "seed " << seed << "\n"
        << written;
    ASSERT_EQ(result.catalog.models, catalog.models) << "seed " << seed << "\n" << written;
    ASSERT_EQ(result.catalog.segments, catalog.segments) << "seed " << seed << "\n" << written;
    ASSERT_EQ(result.catalog.destinations, catalog.destinations) << "seed " << seed << "\n"
                                                                 << written;
    ASSERT_EQ(result.catalog.activations, catalog.activations) << "seed " << seed << "\n"
                                                               << written;
    ASSERT_EQ(write(result.catalog), written);
  }
}

TEST(RoundTripTest, WhatIsStoredReadsAsTheSame) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const Catalog catalog = Generator(seed).catalog();
    const auto source = source_from_json(to_json(catalog.sources[0]));
    ASSERT_TRUE(source.ok()) << source.error().text();
    EXPECT_EQ(source->options, catalog.sources[0].options);
    for (const Model& one : catalog.models) ASSERT_EQ(*model_from_json(to_json(one)), one) << seed;
    for (const Segment& one : catalog.segments)
      ASSERT_EQ(*segment_from_json(to_json(one)), one) << seed;
    for (const Activation& one : catalog.activations)
      ASSERT_EQ(*activation_from_json(to_json(one)), one) << seed;
    Destination destination = catalog.destinations[0];
    destination.api_key = {};
    ASSERT_EQ(*destination_from_json(to_json(destination)), destination);
  }
}

TEST(RoundTripTest, AReferenceIsStoredAndItsValueIsNot) {
  Source source;
  source.name = "db";
  source.kind = "postgres";
  source.secrets["password"] = Secret("hush");
  source.secret_references["password"] = "${PGPASSWORD}";
  const std::string json = to_json(source);
  EXPECT_EQ(json, R"({"name":"db","kind":"postgres","password":"${PGPASSWORD}"})");
  EXPECT_EQ(source_from_json(json)->secret_references, source.secret_references);
  EXPECT_TRUE(source_from_json(json)->secrets.empty());
}

TEST(RoundTripTest, WhatIsNoObjectIsCorrupt) {
  for (const char* json : {"", "[]", "{", "{\"name\":1}", "{\"nam\":\"x\"}", "\xff", "null"}) {
    const auto segment = segment_from_json(json);
    ASSERT_FALSE(segment.ok()) << json;
    EXPECT_EQ(segment.error().kind, ErrorKind::corrupt) << json;
  }
}

TEST(RoundTripTest, MutatedFilesAreReadOrRefused) {
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    const std::string yaml = Generator(seed).mutate(std::string(kExample));
    const ReadResult first = read(yaml, {}, references());
    for (const Problem& problem : first.problems) EXPECT_TRUE(is_utf8(problem.message)) << yaml;
    if (!first.problems.empty()) continue;
    ++accepted;
    const std::string written = write(first.catalog);
    const ReadResult second = read(written, first.catalog, references());
    for (const Problem& problem : second.problems)
      FAIL() << "seed " << seed << "\n" << to_text(problem, "f") << "\n" << written;
    ASSERT_EQ(write(second.catalog), written) << "seed " << seed;
  }
  EXPECT_GT(accepted, 50) << "too few mutations stay right to say anything";
}

}  // namespace
}  // namespace rollcall::catalog
