// What Parquet and CSV have in common: which files a table is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source/kinds.hpp"
#include "source/place.hpp"
#include "source/views.hpp"

namespace rollcall::source {

class FilesConnection : public ViewsConnection {
 public:
  // `endings`: those of the files that are tables; a file of another ending is none.
  FilesConnection(Place place, std::vector<std::string> endings)
      : place_(std::move(place)), endings_(std::move(endings)) {}
  [[nodiscard]] std::vector<Look> looks() const override;
  Result<std::vector<std::string>> tables() override { return names(); }

 protected:
  // The query that reads these files, as one table. Fills in what was found, but for its name.
  virtual Result<std::string> select_of(const std::string& table,
                                        const std::vector<std::string>& files, Look& look) = 0;
  Status unchanged() override;
  [[nodiscard]] bool remote() const { return place_.remote; }

 private:
  struct Table {
    std::string select;
    Look look;
  };
  // How a file was when it was looked at.
  struct Stamp {
    uint64_t device = 0, inode = 0;
    int64_t size = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Files {
    std::vector<std::string> files = {};
    std::vector<std::string> left_out = {};
  };

  Result<std::vector<std::string>> selects_of(const std::string& table) override;
  Error no_table(const std::string& table) override;
  Result<Files> files_of(const std::string& table);
  Result<Files> remote_files(const std::string& path, bool has_ending);
  Result<std::vector<std::string>> matching(const std::string& pattern);
  [[nodiscard]] bool is_ours(const std::string& name) const;
  [[nodiscard]] Result<Files> within(const std::string& folder) const;
  std::vector<std::string> names();
  static Result<Stamp> stamp_of(const std::string& file);

  Place place_;
  std::vector<std::string> endings_;
  std::map<std::string, Table> tables_;
  std::map<std::string, Stamp> stamps_;
};

// ['of', 'several'], letter by letter.
std::string path_list(const std::vector<std::string>& paths);

// Of the files of one table, one has a column that another has not, and nobody said that this is
// meant to be.
struct TwoFiles {
  const std::string& has;
  const std::string& has_not;
};
Error lacks_column(const std::string& column, const TwoFiles& files);

}  // namespace rollcall::source
