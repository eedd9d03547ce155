// Who may work on a thing: one holder at a time, among all processes that share a home.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace rollcall {

// Asked before every write, whether it is still ours to make.
class Permit {
 public:
  virtual ~Permit() = default;
  // For so long from now on at least. Safe from several threads.
  [[nodiscard]] virtual bool outlasts(Millis how_long) const = 0;
  // For how long from now on it certainly is: what a single write may take.
  [[nodiscard]] virtual Millis lasts() const { return Millis::max(); }
};

// What is said where it is not.
Error taken_over();

// Held until it is destroyed.
class Lease : public Permit {};

class Leases {
 public:
  virtual ~Leases() = default;
  // Waits up to `patience` for another to let go of it. Errors: busy when they have not; cancelled.
  virtual Result<std::unique_ptr<Lease>> take(const std::string& name, const std::stop_token& stop,
                                              Millis patience = Millis(0)) = 0;
  // Who holds it, in words; nothing: nobody. Asks without taking it, so that who asks is in
  // nobody's way.
  virtual Result<std::optional<std::string>> holder(const std::string& name) = 0;
  // Renews what is held until told to stop, on a thread that does nothing else. Returns at once
  // where leases last by themselves.
  virtual void keep(const std::stop_token&) {}
};

// Files under a folder, by name; the system lets go of the lock of a process that ends, so that
// what is held is ours for as long as we live. The lock is that of an open file: two of one process
// are two holders.
class FileLeases : public Leases {
 public:
  FileLeases(std::filesystem::path folder, Clock& clock)
      : folder_(std::move(folder)), clock_(&clock) {}
  Result<std::unique_ptr<Lease>> take(const std::string& name, const std::stop_token& stop,
                                      Millis patience = Millis(0)) override;
  Result<std::optional<std::string>> holder(const std::string& name) override;

 private:
  std::filesystem::path folder_;
  Clock* clock_;
};

}  // namespace rollcall
