#include "compile/formula.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rollcall::compile {

namespace {

constexpr size_t kLongest = 4000;  // bytes
constexpr int kDeepest = 50;
constexpr size_t kMostArguments = 20;
constexpr size_t kMostDigits = 38;     // of a decimal, on every engine
constexpr size_t kIntegerDigits = 18;  // what surely fits 64 bits

struct Token {
  enum class Kind { word, name, number, text, sign, end };
  Kind kind = Kind::end;
  std::string value;
  size_t column = 0;
};

Error at(size_t column, const std::string& message, std::string remedy = "") {
  return {.kind = ErrorKind::invalid,
          .message = fmt::format("formula, column {}: {}", column, message),
          .remedy = std::move(remedy),
          .code = "formula_invalid"};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

Result<std::vector<Token>> tokens_of(std::string_view text) {
  if (text.size() > kLongest)
    return Error{.kind = ErrorKind::invalid,
                 .message = fmt::format("a formula has at most {} characters", kLongest)};
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return Error{.kind = ErrorKind::invalid, .message = "the formula is not plain UTF-8 text"};
  std::vector<Token> out;
  size_t i = 0;
  const auto take_while = [&](auto&& belongs) {
    const size_t from = i;
    while (i < text.size() && belongs(text[i])) ++i;
    return std::string(text.substr(from, i - from));
  };
  while (i < text.size()) {
    const char c = text[i];
    const size_t column = i + 1;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++i;
    } else if (starts_word(c)) {
      out.push_back({Token::Kind::word,
                     take_while([](char d) { return starts_word(d) || is_digit(d); }), column});
    } else if (is_digit(c)) {
      std::string number = take_while(is_digit);
      if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
        ++i;
        number += "." + take_while(is_digit);
      }
      if (number.size() > kMostDigits)
        return at(column, fmt::format("a number has at most {} digits", kMostDigits));
      out.push_back({Token::Kind::number, std::move(number), column});
    } else if (c == '\'' || c == '"') {
      std::string value;
      for (++i;; ++i) {
        if (i >= text.size()) return at(column, "the quote is not closed");
        if (text[i] == c) {
          if (i + 1 >= text.size() || text[i + 1] != c) break;
          ++i;
        }
        value += text[i];
      }
      ++i;
      out.push_back({c == '\'' ? Token::Kind::text : Token::Kind::name, std::move(value), column});
    } else {
      const std::string_view two = text.substr(i, 2);
      if (two == "||" || two == "<=" || two == ">=" || two == "<>" || two == "!=") {
        out.push_back({Token::Kind::sign, two == "!=" ? "<>" : std::string(two), column});
        i += 2;
      } else if (std::string_view("+-*/()<>=,").find(c) != std::string_view::npos) {
        out.push_back({Token::Kind::sign, std::string(1, c), column});
        ++i;
      } else {
        return at(
            column, fmt::format("`{}` means nothing here", c),
            "A formula is made of fields, numbers, 'texts', + - * / || < > = ( ) and functions.");
      }
    }
  }
  out.push_back({Token::Kind::end, "the end", text.size() + 1});
  return out;
}

// Words that are not fields; a field so named stands in double quotes.
bool is_reserved(const std::string& word) {
  for (const std::string_view one : {"and", "or", "not", "is", "null", "true", "false"})
    if (word == one) return true;
  return false;
}

const std::vector<std::string>& function_names() {
  static const std::vector<std::string> all = {
      "lower",  "upper", "trim",  "length", "left",       "right",      "replace",
      "concat", "abs",   "floor", "ceil",   "round",      "coalesce",   "nullif",
      "if",     "year",  "month", "day",    "days_since", "years_since"};
  return all;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const FormulaContext& context)
      : tokens_(std::move(tokens)), context_(context), printer_(context.printer) {}

  Result<Typed> whole() {
    Typed out = TRY(expression());
    if (peek().kind != Token::Kind::end)
      return at(peek().column, "the formula should end before `" + peek().value + "`");
    return out;
  }

 private:
  [[nodiscard]] const Token& peek() const { return tokens_[next_]; }
  bool take_sign(std::string_view sign) {
    if (peek().kind != Token::Kind::sign || peek().value != sign) return false;
    ++next_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (peek().kind != Token::Kind::word || peek().value != word) return false;
    ++next_;
    return true;
  }

  static Error needs(size_t column, std::string_view what, const Typed& got) {
    return at(column,
              fmt::format("{} is needed here, and this is of type {}", what, to_string(got.type)));
  }
  [[nodiscard]] std::string as_text(const Typed& value) const {
    return value.type == FieldType::text ? value.sql : printer_.text_of(value.sql, value.type);
  }
  // Columns may be narrower than 64 bits, and an engine would then reckon in as few.
  [[nodiscard]] std::string wide(const Typed& value) const {
    return value.type == FieldType::integer ? printer_.cast(value.sql, FieldType::integer)
                                            : value.sql;
  }
  static FieldType wider(FieldType a, FieldType b) {
    if (a == b) return a;
    if (a == FieldType::number || b == FieldType::number) return FieldType::number;
    return FieldType::decimal;
  }
  static bool comparable(FieldType a, FieldType b) {
    return a == b || (is_number(a) && is_number(b));
  }

  // From the loosest binding to the tightest: or, and, not, comparison, ||, + -, * /, one value.
  Result<Typed> expression() {
    // Counts whatever nests, so that no text can exhaust the stack.
    if (++depth_ > kDeepest) return at(peek().column, "nested too deeply");
    Typed left = TRY(conjunction());
    while (true) {
      const size_t column = peek().column;
      if (!take_word("or")) break;
      const Typed right = TRY(conjunction());
      left = TRY(logical(column, left, " OR ", right));
    }
    --depth_;
    return left;
  }
  Result<Typed> conjunction() {
    Typed left = TRY(negation());
    while (true) {
      const size_t column = peek().column;
      if (!take_word("and")) return left;
      const Typed right = TRY(negation());
      left = TRY(logical(column, left, " AND ", right));
    }
  }
  static Result<Typed> logical(size_t column, const Typed& left, const char* word,
                               const Typed& right) {
    if (left.type != FieldType::boolean) return needs(column, "a condition before it", left);
    if (right.type != FieldType::boolean) return needs(column, "a condition after it", right);
    return Typed{"(" + left.sql + word + right.sql + ")", FieldType::boolean};
  }
  Result<Typed> negation() {
    const size_t column = peek().column;
    if (!take_word("not")) return comparison();
    if (++depth_ > kDeepest) return at(column, "nested too deeply");
    const Typed inside = TRY(negation());
    --depth_;
    if (inside.type != FieldType::boolean) return needs(column, "a condition after `not`", inside);
    return Typed{"(NOT " + inside.sql + ")", FieldType::boolean};
  }
  Result<Typed> comparison() {
    Typed left = TRY(joined());
    if (take_word("is")) {
      const bool negated = take_word("not");
      if (!take_word("null")) return at(peek().column, "`null` is missing after `is`");
      return Typed{"(" + left.sql + (negated ? " IS NOT NULL)" : " IS NULL)"), FieldType::boolean};
    }
    for (const std::string_view sign : {"<=", ">=", "<>", "<", ">", "="}) {
      const size_t column = peek().column;
      if (!take_sign(sign)) continue;
      const Typed right = TRY(joined());
      if (!comparable(left.type, right.type))
        return at(column, fmt::format("{} cannot be compared with {}", to_string(left.type),
                                      to_string(right.type)));
      return Typed{
          "(" + printer_.compared(left.sql, sign, right.sql, wider(left.type, right.type)) + ")",
          FieldType::boolean};
    }
    return left;
  }
  Result<Typed> joined() {
    Typed left = TRY(sum());
    while (take_sign("||")) {
      const Typed right = TRY(sum());
      left = {fmt::format("({} || {})", as_text(left), as_text(right)), FieldType::text};
    }
    return left;
  }
  Result<Typed> sum() {
    Typed left = TRY(product());
    while (true) {
      const size_t column = peek().column;
      const char* sign = take_sign("+") ? "+" : take_sign("-") ? "-" : nullptr;
      if (!sign) return left;
      const Typed right = TRY(product());
      TRY(both_numbers(column, left, right));
      left = {fmt::format("({} {} {})", wide(left), sign, wide(right)),
              wider(left.type, right.type)};
    }
  }
  Result<Typed> product() {
    Typed left = TRY(factor());
    while (true) {
      const size_t column = peek().column;
      const bool times = take_sign("*");
      if (!times && !take_sign("/")) return left;
      const Typed right = TRY(factor());
      TRY(both_numbers(column, left, right));
      if (times) {
        left = {fmt::format("({} * {})", wide(left), wide(right)), wider(left.type, right.type)};
      } else {
        left = {fmt::format("({} / nullif({}, 0))", printer_.cast(left.sql, FieldType::number),
                            printer_.cast(right.sql, FieldType::number)),
                FieldType::number};
      }
    }
  }
  static Status both_numbers(size_t column, const Typed& left, const Typed& right) {
    if (!is_number(left.type)) return needs(column, "a number before the sign", left);
    if (!is_number(right.type)) return needs(column, "a number after the sign", right);
    return ok_status();
  }

  Result<Typed> factor() {
    const Token token = peek();
    if (token.kind != Token::Kind::end) ++next_;
    switch (token.kind) {
      case Token::Kind::number:
        return Typed{
            printer_.digits(token.value),
            token.value.size() <= kIntegerDigits && token.value.find('.') == std::string::npos
                ? FieldType::integer
                : FieldType::decimal};
      case Token::Kind::text:
        return Typed{printer_.text(token.value), FieldType::text};
      case Token::Kind::name:
        return context_.field(token.value);
      case Token::Kind::word:
        if (token.value == "true") return Typed{"TRUE", FieldType::boolean};
        if (token.value == "false") return Typed{"FALSE", FieldType::boolean};
        if (take_sign("(")) return function(token);
        if (is_reserved(token.value)) break;
        return context_.field(token.value);
      case Token::Kind::sign:
        if (token.value == "(") {
          Typed inside = TRY(expression());
          if (!take_sign(")")) return at(peek().column, "`)` is missing");
          return inside;
        }
        if (token.value == "-") {
          if (++depth_ > kDeepest) return at(token.column, "nested too deeply");
          const Typed inside = TRY(factor());
          --depth_;
          if (!is_number(inside.type))
            return needs(token.column, "a number after the sign", inside);
          return Typed{"(-" + wide(inside) + ")", inside.type};
        }
        break;
      case Token::Kind::end:
        return at(token.column, "the formula ends too early");
    }
    return at(token.column, "`" + token.value + "` cannot stand here");
  }

  Result<Typed> function(const Token& name) {
    std::vector<Typed> args;
    if (!take_sign(")")) {
      do args.push_back(TRY(expression()));
      while (take_sign(","));
      if (!take_sign(")")) return at(peek().column, "`)` or `,` is missing");
    }
    const auto& all = function_names();
    if (std::find(all.begin(), all.end(), name.value) == all.end())
      return at(name.column,
                "there is no function `" + name.value + "`" + did_you_mean(name.value, all),
                "Functions: " + join(all, ", ") + ".");
    return call(name, args);
  }

  Result<Typed> call(const Token& name, const std::vector<Typed>& args) {
    const std::string& f = name.value;
    const auto count = [&](size_t least, size_t most) -> Status {
      if (args.size() >= least && args.size() <= most) return ok_status();
      return at(name.column, fmt::format("{} takes {} argument{}, and here are {}", f,
                                         least == most ? std::to_string(least)
                                                       : fmt::format("{} to {}", least, most),
                                         most == 1 ? "" : "s", args.size()));
    };
    const auto number = [&](size_t i) -> Status {
      return is_number(args[i].type) ? ok_status() : needs(name.column, "a number", args[i]);
    };
    if (f == "lower" || f == "upper" || f == "trim") {
      TRY(count(1, 1));
      const std::string text = as_text(args[0]);
      return Typed{f == "lower" ? printer_.lower(text) : printer_.function(f, {text}),
                   FieldType::text};
    }
    if (f == "length") {
      TRY(count(1, 1));
      return Typed{printer_.function(f, {as_text(args[0])}), FieldType::integer};
    }
    if (f == "left" || f == "right") {
      TRY(count(2, 2));
      TRY(number(1));
      return Typed{
          printer_.function(f, {as_text(args[0]), printer_.cast(args[1].sql, FieldType::integer)}),
          FieldType::text};
    }
    if (f == "replace") {
      TRY(count(3, 3));
      return Typed{printer_.function(f, {as_text(args[0]), as_text(args[1]), as_text(args[2])}),
                   FieldType::text};
    }
    if (f == "concat") {
      TRY(count(1, kMostArguments));
      std::string sql;
      for (const Typed& arg : args)
        sql += (sql.empty() ? "coalesce(" : " || coalesce(") + as_text(arg) + ", '')";
      return Typed{"(" + sql + ")", FieldType::text};
    }
    if (f == "abs") {
      TRY(count(1, 1));
      TRY(number(0));
      return Typed{printer_.function(f, {wide(args[0])}), args[0].type};
    }
    if (f == "round" || f == "floor" || f == "ceil") {
      TRY(count(1, f == "round" ? 2 : 1));
      for (size_t i = 0; i < args.size(); ++i) TRY(number(i));
      std::vector<std::string> printed = {printer_.cast(args[0].sql, FieldType::number)};
      if (args.size() == 2) printed.push_back("CAST(" + args[1].sql + " AS INTEGER)");
      return Typed{printer_.function(f, printed), FieldType::number};
    }
    if (f == "coalesce") {
      TRY(count(1, kMostArguments));
      const FieldType type = TRY(common_type(name, args));
      std::string sql;
      for (const Typed& arg : args) sql += (sql.empty() ? "coalesce(" : ", ") + wide(arg);
      return Typed{sql + ")", type};
    }
    if (f == "nullif") {
      TRY(count(2, 2));
      const FieldType type = TRY(common_type(name, args));
      return Typed{printer_.null_if(wide(args[0]), wide(args[1]), type), args[0].type};
    }
    if (f == "if") {
      TRY(count(3, 3));
      if (args[0].type != FieldType::boolean) return needs(name.column, "a condition", args[0]);
      const FieldType type = TRY(common_type(name, {args[1], args[2]}));
      return Typed{fmt::format("CASE WHEN {} THEN {} ELSE {} END", args[0].sql, wide(args[1]),
                               wide(args[2])),
                   type};
    }
    // What is left takes a day.
    TRY(count(1, 1));
    const std::string day = TRY(day_of(name, args[0]));
    if (f == "days_since")
      return Typed{printer_.days_between(day, context_.today), FieldType::integer};
    if (f == "years_since")
      return Typed{printer_.years_between(day, context_.today), FieldType::integer};
    return Typed{printer_.part_of_date(f, day), FieldType::integer};
  }

  [[nodiscard]] Result<std::string> day_of(const Token& name, const Typed& value) const {
    if (value.type == FieldType::date) return value.sql;
    if (value.type == FieldType::timestamp)
      return printer_.date_of(printer_.zone_from_utc(value.sql, context_.zone));
    return needs(name.column, "a date or time", value);
  }

  static Result<FieldType> common_type(const Token& name, const std::vector<Typed>& args) {
    FieldType type = args[0].type;
    for (const Typed& arg : args) {
      if (!comparable(type, arg.type))
        return at(name.column, fmt::format("{} needs values of one type, and these are {} and {}",
                                           name.value, to_string(type), to_string(arg.type)));
      type = wider(type, arg.type);
    }
    return type;
  }

  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
  const FormulaContext& context_;
  const Printer& printer_;
};

}  // namespace

bool is_number(FieldType type) {
  return type == FieldType::integer || type == FieldType::number || type == FieldType::decimal;
}

Result<Typed> print_formula(std::string_view formula, const FormulaContext& context) {
  return Parser(TRY(tokens_of(formula)), context).whole();
}

Result<std::vector<std::string>> fields_in_formula(std::string_view formula) {
  const auto tokens = TRY(tokens_of(formula));
  std::vector<std::string> out;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const bool calls = tokens[i + 1].kind == Token::Kind::sign && tokens[i + 1].value == "(";
    const bool named =
        tokens[i].kind == Token::Kind::name ||
        (tokens[i].kind == Token::Kind::word && !calls && !is_reserved(tokens[i].value));
    if (named) out.push_back(tokens[i].value);
  }
  return out;
}

}  // namespace rollcall::compile
