#include "compile/formula.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace rollcall::compile {
namespace {

constexpr size_t kLongest = 4000;
constexpr int kDeepest = 50;

struct Token {
  enum class Kind { name, number, text, sign, end };
  Kind kind = Kind::end;
  std::string value;
  size_t column = 0;
};

Error at(size_t column, const std::string& message, std::string remedy = "") {
  return {ErrorKind::invalid, fmt::format("formula, column {}: {}", column, message), std::move(remedy)};
}

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<std::vector<Token>> tokens_of(std::string_view text) {
  if (text.size() > kLongest) return Error{ErrorKind::invalid, fmt::format("a formula has at most {} characters", kLongest)};
  std::vector<Token> out;
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    const size_t column = i + 1;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++i;
    } else if (starts_name(c)) {
      const size_t from = i;
      while (i < text.size() && (starts_name(text[i]) || is_digit(text[i]))) ++i;
      out.push_back({Token::Kind::name, std::string(text.substr(from, i - from)), column});
    } else if (is_digit(c)) {
      const size_t from = i;
      while (i < text.size() && is_digit(text[i])) ++i;
      if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
        ++i;
        while (i < text.size() && is_digit(text[i])) ++i;
      }
      out.push_back({Token::Kind::number, std::string(text.substr(from, i - from)), column});
    } else if (c == '\'' || c == '"') {
      // 'text' and "a field's name"; the quote is doubled inside.
      std::string value;
      ++i;
      while (true) {
        if (i >= text.size()) return at(column, "the quote is not closed");
        if (text[i] == c) {
          if (i + 1 < text.size() && text[i + 1] == c) {
            value += c;
            i += 2;
            continue;
          }
          ++i;
          break;
        }
        value += text[i++];
      }
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
        return at(column, fmt::format("`{}` means nothing here", c), "A formula is made of fields, numbers, 'texts', + - * / || < > = ( ) and functions.");
      }
    }
  }
  out.push_back({Token::Kind::end, "", text.size() + 1});
  return out;
}

bool is_number(FieldType type) { return type == FieldType::integer || type == FieldType::number || type == FieldType::decimal; }

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Printer& printer, const std::function<Result<Typed>(const std::string&)>& field)
      : tokens_(std::move(tokens)), printer_(printer), field_(field) {}

  Result<Typed> whole() {
    Typed out = TRY(comparison(0));
    if (peek().kind != Token::Kind::end) return at(peek().column, "nothing was expected after this, but there is `" + peek().value + "`");
    return out;
  }

 private:
  [[nodiscard]] const Token& peek() const { return tokens_[next_]; }
  bool take(std::string_view sign) {
    if (peek().kind != Token::Kind::sign || peek().value != sign) return false;
    ++next_;
    return true;
  }
  static Error needs(size_t column, const char* what, const Typed& got) { return at(column, fmt::format("{} is needed here, and this is of type {}", what, to_string(got.type))); }

  Result<Typed> comparison(int depth) {
    if (depth > kDeepest) return at(peek().column, "nested too deeply");
    Typed left = TRY(joined(depth));
    for (const char* sign : {"<=", ">=", "<>", "<", ">", "="}) {
      const size_t column = peek().column;
      if (!take(sign)) continue;
      const Typed right = TRY(joined(depth));
      if (left.type != right.type && !(is_number(left.type) && is_number(right.type)))
        return at(column, fmt::format("{} cannot be compared with {}", to_string(left.type), to_string(right.type)));
      return Typed{"(" + left.sql + " " + sign + " " + right.sql + ")", FieldType::boolean};
    }
    return left;
  }
  Result<Typed> joined(int depth) {
    Typed left = TRY(sum(depth));
    while (take("||")) {
      const Typed right = TRY(sum(depth));
      left = {"(" + as_text(left) + " || " + as_text(right) + ")", FieldType::text};
    }
    return left;
  }
  Result<Typed> sum(int depth) {
    Typed left = TRY(product(depth));
    while (true) {
      const size_t column = peek().column;
      const char* sign = take("+") ? " + " : take("-") ? " - " : nullptr;
      if (sign == nullptr) return left;
      const Typed right = TRY(product(depth));
      if (!is_number(left.type)) return needs(column, "a number before the sign", left);
      if (!is_number(right.type)) return needs(column, "a number after the sign", right);
      left = {"(" + left.sql + sign + right.sql + ")", wider(left.type, right.type)};
    }
  }
  Result<Typed> product(int depth) {
    Typed left = TRY(factor(depth));
    while (true) {
      const size_t column = peek().column;
      const bool times = take("*"), by = !times && take("/");
      if (!times && !by) return left;
      const Typed right = TRY(factor(depth));
      if (!is_number(left.type)) return needs(column, "a number before the sign", left);
      if (!is_number(right.type)) return needs(column, "a number after the sign", right);
      if (times) {
        left = {"(" + left.sql + " * " + right.sql + ")", wider(left.type, right.type)};
      } else {
        // Always with a fraction, and nothing instead of a division by zero, on every engine.
        left = {"(" + printer_.cast(left.sql, FieldType::number) + " / nullif(" + printer_.cast(right.sql, FieldType::number) + ", 0))", FieldType::number};
      }
    }
  }
  Result<Typed> factor(int depth) {
    if (depth > kDeepest) return at(peek().column, "nested too deeply");
    const Token token = peek();
    ++next_;
    switch (token.kind) {
      case Token::Kind::number: return Typed{token.value, token.value.find('.') == std::string::npos ? FieldType::integer : FieldType::decimal};
      case Token::Kind::text: return Typed{printer_.text(token.value), FieldType::text};
      case Token::Kind::name:
        if (take("(")) return function(token, depth + 1);
        return in_context(field_(token.value), fmt::format("formula, column {}", token.column));
      case Token::Kind::sign:
        if (token.value == "(") {
          Typed inside = TRY(comparison(depth + 1));
          if (!take(")")) return at(peek().column, "`)` is missing");
          return inside;
        }
        if (token.value == "-") {
          Typed inside = TRY(factor(depth + 1));
          if (!is_number(inside.type)) return needs(token.column, "a number after the sign", inside);
          return Typed{"(-" + inside.sql + ")", inside.type};
        }
        break;
      case Token::Kind::end: return at(token.column, "the formula ends too early");
    }
    return at(token.column, "`" + token.value + "` cannot stand here");
  }
  Result<Typed> function(const Token& name, int depth) {
    std::vector<Typed> args;
    if (!take(")")) {
      do args.push_back(TRY(comparison(depth)));
      while (take(","));
      if (!take(")")) return at(peek().column, "`)` is missing");
    }
    const auto count = [&](size_t from, size_t to) -> Status {
      if (args.size() >= from && args.size() <= to) return ok_status();
      return at(name.column, fmt::format("{} takes {} argument{}", name.value, from == to ? std::to_string(from) : fmt::format("{} to {}", from, to), to == 1 ? "" : "s"));
    };
    const std::string& f = name.value;
    if (f == "lower" || f == "upper" || f == "trim") {
      TRY(count(1, 1));
      return Typed{f + "(" + as_text(args[0]) + ")", FieldType::text};
    }
    if (f == "length") {
      TRY(count(1, 1));
      return Typed{"length(" + as_text(args[0]) + ")", FieldType::integer};
    }
    if (f == "concat") {
      TRY(count(1, 20));
      std::string sql;
      for (const Typed& arg : args) sql += (sql.empty() ? "coalesce(" : " || coalesce(") + as_text(arg) + ", '')";
      return Typed{"(" + sql + ")", FieldType::text};
    }
    if (f == "round" || f == "abs" || f == "floor" || f == "ceil") {
      TRY(count(1, f == "round" ? 2 : 1));
      for (const Typed& arg : args)
        if (!is_number(arg.type)) return needs(name.column, "a number", arg);
      std::string sql = f + "(" + printer_.cast(args[0].sql, FieldType::number);
      if (args.size() == 2) sql += ", CAST(" + args[1].sql + " AS INTEGER)";
      return Typed{sql + ")", FieldType::number};
    }
    if (f == "coalesce") {
      TRY(count(1, 20));
      return same_type(name, args, "coalesce(", ")");
    }
    if (f == "if") {
      TRY(count(3, 3));
      if (args[0].type != FieldType::boolean) return needs(name.column, "a comparison", args[0]);
      const std::vector<Typed> values = {args[1], args[2]};
      TRY(same_type(name, values, "", ""));
      return Typed{"CASE WHEN " + args[0].sql + " THEN " + args[1].sql + " ELSE " + args[2].sql + " END", result_type(values)};
    }
    return at(name.column, "there is no function `" + f + "`" + did_you_mean(f, {"lower", "upper", "trim", "length", "concat", "round", "abs", "floor", "ceil", "coalesce", "if"}),
              "Functions: lower, upper, trim, length, concat, coalesce, round, abs, floor, ceil, if.");
  }
  static FieldType result_type(const std::vector<Typed>& args) {
    FieldType type = args[0].type;
    for (const Typed& arg : args)
      if (arg.type != type) type = wider(type, arg.type);
    return type;
  }
  static Result<Typed> same_type(const Token& name, const std::vector<Typed>& args, const std::string& before, const std::string& after) {
    std::string sql;
    for (const Typed& arg : args) {
      if (arg.type != args[0].type && !(is_number(arg.type) && is_number(args[0].type)))
        return at(name.column, fmt::format("{} needs values of one type, and these are {} and {}", name.value, to_string(args[0].type), to_string(arg.type)));
      sql += (sql.empty() ? "" : ", ") + arg.sql;
    }
    return Typed{before + sql + after, result_type(args)};
  }
  static FieldType wider(FieldType a, FieldType b) {
    if (a == FieldType::number || b == FieldType::number) return FieldType::number;
    if (a == FieldType::decimal || b == FieldType::decimal) return FieldType::decimal;
    return FieldType::integer;
  }
  [[nodiscard]] std::string as_text(const Typed& value) const { return value.type == FieldType::text ? value.sql : printer_.cast(value.sql, FieldType::text); }

  std::vector<Token> tokens_;
  size_t next_ = 0;
  const Printer& printer_;
  const std::function<Result<Typed>(const std::string&)>& field_;
};

}  // namespace

Result<Typed> print_formula(std::string_view formula, const Printer& printer, const std::function<Result<Typed>(const std::string& name)>& field) {
  return Parser(TRY(tokens_of(formula)), printer, field).whole();
}

Result<std::vector<std::string>> fields_in_formula(std::string_view formula) {
  const auto tokens = TRY(tokens_of(formula));
  std::vector<std::string> out;
  for (size_t i = 0; i + 1 < tokens.size(); ++i)
    if (tokens[i].kind == Token::Kind::name && tokens[i + 1].value != "(") out.push_back(tokens[i].value);
  return out;
}

}  // namespace rollcall::compile
