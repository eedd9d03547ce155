// Trino by its own protocol over HTTP: a statement is posted, and its pages are asked for one after
// another until none is named any more. Errors come with status 200: what counts is what a page
// says.
//
// A Session is one transaction that only reads: where a catalog can give it, all that it reads is
// of one instant. After an error the next statement begins a new transaction.
//
// Threads: a Session belongs to one thread. Source of every fact: Trino's "Client REST API" and
// what its version 476 was seen to do.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/rows.hpp"
#include "http/http.hpp"

namespace rollcall::trino {

struct Settings {
  std::string url;   // http://host:port or https://…
  std::string user;  // whom Trino takes us for
  Secret password = {}, token = {};
  std::string catalog = {}, schema = {};  // where names without them are looked up
  std::string ca_file = {};               // of certificates to trust; the system's when empty
  Millis statement_timeout{3'600'000};
};

struct ColumnType {
  std::string name;
  std::string type;  // as Trino writes it: "decimal(12, 2)", "array(varchar)"
};

// One page, as it came.
struct Page {
  std::vector<ColumnType> columns = {};
  std::string next = {};  // the path of the page after it; empty at the end
  // Of a statement that failed.
  std::string error_name = {}, error_type = {}, error_message = {};
};

// Adds a page's rows to a batch with columns of these types. Integers, floating-point numbers,
// booleans, dates and zoneless timestamps are read from their JSON; every other type must be text
// there. Fractions of a second are cut to microseconds. Errors (corrupt): no such page.
Result<Page> read_page(std::string_view json, const std::vector<FieldType>& types, RowBatch& rows);

class Session {
 public:
  Session(Settings settings, http::Transport& transport, Clock& clock);
  ~Session();  // ends what runs, here and there
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The columns of one SELECT, without running it. Errors, here and below: invalid, not_found,
  // denied (as the server says), unavailable (not reached, lost, timed out, too little memory
  // there; what was asked for may be asked again), corrupt, cancelled. No message holds a value.
  Result<std::vector<ColumnType>> columns(const std::string& select,
                                          const std::stop_token& stop = {});
  // Begins a query whose columns are read as these types, ending the one before. An error may come
  // only with a page.
  Status query(const std::string& sql, std::vector<FieldType> types, const std::stop_token& stop);
  // Its next rows, those of a page (1 MB or one row); false at the end.
  Result<bool> next(RowBatch& batch);
  // Ends the query, if it has not come to its end.
  void finish();

 private:
  Status begin(const std::stop_token& stop);
  Status ask(const std::string& sql, std::vector<FieldType> types, const std::stop_token& stop);
  Status drain();
  Result<http::Response> send(http::Request request, const std::stop_token& stop);
  http::Answer send_once(std::string method, std::string url, std::string body = {});
  Status take(const http::Response& response, RowBatch& batch);
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> headers() const;

  Settings settings_;
  http::Transport& transport_;
  Clock& clock_;
  std::string origin_;       // of the url: where paths begin
  std::string transaction_;  // its id; empty before the first statement and after an error
  std::string next_;         // the path of the running query's next page
  std::vector<FieldType> types_;
  RowBatch ahead_;  // rows that came with the answer to the statement
  std::stop_token stop_;
  std::vector<ColumnType> columns_;
};

}  // namespace rollcall::trino
