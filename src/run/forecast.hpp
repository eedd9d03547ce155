// What a run would take, call by call in the order it makes them: see run, trial, fields, deliver.
#pragma once

#include "plan/plan.hpp"
#include "run/fields.hpp"
#include "run/proof.hpp"
#include "run/run.hpp"

namespace rollcall::run {

struct Planned {
  const iterable::Reader& reader;
  const Destination& destination;
  const Activation& activation;
  const state::Record& record;
  const prove::Trial& trial;
  const plan::Plan& plan;
  const FieldState& fields;
  const ProofChoice& proof;
  bool by_export = false;  // whom an export shows needs no look-up
  bool everybody = false;  // needs a proof
  state::Work& work;       // the changes
  Time now;                // the plan's
};

// Taken to be so: whoever is new is a contact, whoever is parked is none, nothing fails, a write is
// seen at once, and what this machine does takes no time.
Result<ProofForecast> forecast(const Planned& planned);

}  // namespace rollcall::run
