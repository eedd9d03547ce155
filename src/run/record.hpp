// What is known of an activation before a run: its record, and where that is damaged, what the store
// and the ledger still tell.
#pragma once

#include "run/run.hpp"

namespace rollcall::run {

// The record, with its ledger whole. Errors: corrupt, with the remedy.
Result<state::Record> read_record(const World& world, const Activation& activation,
                                  state::State& state);
// Into the writer's record, what is left where read_record failed with `damage`.
Status salvage(const World& world, const Activation& activation, state::Writer& writer,
               const Error& damage);

// What the open run sent is not known any more: all it may have written counts as unknown, and the
// list is read before anything is decided. `clock` tells what writes settle by.
Status give_up(const World& world, const Activation& activation, state::Writer& writer,
               Clock& clock, const Error& damage);

// What the store knows of an activation's list.
inline constexpr const char* kListFact = "list";
std::string to_json(const state::ListRecord& list);

// What the time is for writes that must settle. Until `settle` has passed since the last ones, by
// the clock that nobody sets, it goes on from the time that they were recorded with; of writes
// before the machine's last start no more is known than that they came before it.
Time settling_now(Clock& clock, const state::Record& record, Millis settle);
state::Moment moment(Clock& clock);

inline constexpr const char* kCopy =
    "this home is a copy of another, or was restored from a backup";
// What was done since, by this home or by the one it is a copy of, is not known: the list is read
// and everything is sent again.
void doubt_copy(state::Record& record);
// A plan is of everything where it is asked for, or where nothing is known for sure.
bool sends_everything(const state::Record& record, bool asked);

}  // namespace rollcall::run
