// Stand-ins for tests: rows, changes and a journal in memory.
#pragma once

#include <mutex>

#include "state/state.hpp"

namespace rollcall::state {

// Rows out of memory: primary key, key, one text attribute. Numbers, days and microseconds are
// written as such.
class MemoryRows : public source::RowStream {
 public:
  struct Row {
    std::optional<std::string> pk, key, name;
  };
  MemoryRows(FieldType pk_type, std::vector<Row> rows, FieldType key_type = FieldType::text)
      : columns_{{"id", pk_type}, {"email", key_type}, {"name", FieldType::text}},
        rows_(std::move(rows)) {}
  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Result<bool> next(RowBatch& batch) override {
    const std::lock_guard lock(mutex_);
    if (at_ == rows_.size()) return false;
    batch.columns.assign(3, {});
    batch.rows = std::min<size_t>(2, rows_.size() - at_);
    for (size_t c = 0; c < 3; ++c) {
      Column& column = batch.columns[c];
      column.type = columns_[c].type;
      for (size_t r = at_; r < at_ + batch.rows; ++r) {
        const auto& cell = c == 0 ? rows_[r].pk : c == 1 ? rows_[r].key : rows_[r].name;
        column.valid.push_back(cell.has_value());
        column.ints.push_back(cell && column.type != FieldType::text ? std::stoll(*cell) : 0);
        column.doubles.push_back(static_cast<double>(column.ints.back()));
        column.texts.append(cell.value_or(""));
      }
    }
    at_ += batch.rows;
    return true;
  }

 private:
  std::vector<ColumnInfo> columns_;
  std::vector<Row> rows_;
  std::mutex mutex_;  // protects what follows
  size_t at_ = 0;
};

class ListedChanges : public Changes {
 public:
  explicit ListedChanges(std::vector<Change> changes) : changes_(std::move(changes)) {}
  Status next(std::vector<Change>& out, size_t limit) override {
    out.clear();
    for (; out.size() < limit && at_ < changes_.size(); ++at_) out.push_back(changes_[at_]);
    return ok_status();
  }

 private:
  std::vector<Change> changes_;
  size_t at_ = 0;
};

class MemoryJournal : public Journal {
 public:
  Result<int64_t> sent(const std::vector<uint32_t>& seqs) override {
    const std::lock_guard lock(mutex_);
    answers_.begun = true;
    for (const uint32_t seq : seqs) kind(seq) = OutcomeKind::unknown;
    return ++batches_;
  }
  Status answered(std::optional<int64_t>, const std::vector<uint32_t>& seqs,
                  const std::vector<Outcome>& outcomes) override {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < seqs.size(); ++i) {
      kind(seqs[i]) = outcomes[i].kind;
      answers_.rejections.erase(seqs[i]);
      if (!outcomes[i].reason.empty()) answers_.rejections[seqs[i]] = outcomes[i];
    }
    return ok_status();
  }
  Status withdrawn(const std::vector<uint32_t>& seqs) override {
    const std::lock_guard lock(mutex_);
    for (const uint32_t seq : seqs) kind(seq) = std::nullopt;
    return ok_status();
  }
  Status filtered(const std::vector<std::string>& fields) override {
    return add(answers_.filtered_fields, fields);
  }
  Status created(const std::vector<std::string>& fields) override {
    return add(answers_.fields_created, fields);
  }
  Status calls(const CallCounts& counts, Millis oldest_proof) override {
    const std::lock_guard lock(mutex_);
    answers_.calls = counts;
    answers_.oldest_proof = oldest_proof;
    return ok_status();
  }

  // Of a plan of so many changes.
  [[nodiscard]] Answers answers(size_t changes) const {
    const std::lock_guard lock(mutex_);
    Answers out = answers_;
    out.kinds.resize(changes);
    return out;
  }

 private:
  std::optional<OutcomeKind>& kind(uint32_t seq) {
    if (answers_.kinds.size() <= seq) answers_.kinds.resize(seq + 1);
    return answers_.kinds[seq];
  }
  Status add(std::vector<std::string>& to, const std::vector<std::string>& fields) {
    const std::lock_guard lock(mutex_);
    to.insert(to.end(), fields.begin(), fields.end());
    return ok_status();
  }

  mutable std::mutex mutex_;
  Answers answers_;
  int64_t batches_ = 0;
};

}  // namespace rollcall::state
