// How the people of a plan are proven: the choice among look-ups, a whole export and the contact
// index, and what it takes.
#pragma once

#include "plan/plan.hpp"
#include "prove/prove.hpp"
#include "run/run.hpp"

namespace rollcall::run {

// The project as declared: type, place, and a fingerprint of the key that opens it. What was learnt
// of one project says nothing of another.
std::string project_text(const Destination& destination);
// Where the destination's contact index is.
prove::IndexFile index_file(const World& world, const Destination& destination);

// The warning of a run that looks people up instead.
std::string export_failed(const Error& error);

// As far as is known before the trial of a run: whether everybody needs a proof, or the parked
// alone.
bool must_prove_everybody(const Destination& destination, const prove::Trial& trial);

// Who must be proven.
struct Unproven {
  state::Work* work;       // of its plan; nothing: of no plan
  bool everybody = false;  // otherwise the parked alone
  // Whoever has an outcome already is not counted.
  const state::Answers* answers = nullptr;
  // All the parked there are, instead of those in the plan.
  std::function<Status(const state::OnKey&)> parked = {};
  bool index_may_choose = true;
};

// What the plan asks of an index about the parked; nothing without one.
std::function<bool(std::string_view)> shown_by(std::shared_ptr<const prove::Index> index);

class Prover {
 public:
  // `warnings` outlives it, like everything else.
  Prover(const World& world, const Destination& destination, const iterable::Reader& reader,
         KeyType type, std::vector<std::string>& warnings);

  // The way that takes the fewest seconds, of those that the destination's rules leave, or others.
  Result<ProofChoice> choose(const Unproven& people) {
    return choose(people, destination_.proof.by);
  }
  Result<ProofChoice> choose(const Unproven& people, ProofRules::By by);
  // Whether whom an export shows is proven; otherwise it chooses whom to look up, as an index does.
  [[nodiscard]] bool export_proves() const {
    return destination_.proof.by == ProofRules::By::fastest;
  }
  // What the way needs first: an export, or an increment. What cannot be had is added to the
  // warnings; people are looked up then. Returns whether it was had. Errors: cancelled, the
  // store's.
  Result<bool> prepare(ProofWay way, const std::stop_token& stop);

  prove::Contacts& contacts() { return contacts_; }
  // Up to date, after prepare; nothing before.
  [[nodiscard]] const std::shared_ptr<const prove::Index>& index() const { return index_; }

 private:
  const World& world_;
  const Destination& destination_;
  const iterable::Reader& reader_;
  std::vector<std::string>& warnings_;
  prove::Contacts contacts_;
  std::shared_ptr<const prove::Index> index_;
  bool refused_ = false;  // an export was tried, and failed
};

}  // namespace rollcall::run
