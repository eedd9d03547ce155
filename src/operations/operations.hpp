// The door of what can be asked for: everything a command, a request or a schedule does, without
// its face. An operation parses no words and prints nothing; it returns one report, or an error
// with a remedy; a report's JSON (the contract's) stands beside it as `to_json`.
//
// What every operation is given     world.hpp
// The stored catalog, and names     stored.hpp, names.hpp
// A catalog file comes in           apply.hpp, held against the data by data_check.hpp
// One object at a time              edit.hpp
// What a run would trip over        check.hpp
// What a source holds               sources.hpp
// Segments, stored or not           segments.hpp, their rules in words by rule_words.hpp
// Activations, their runs and end   activations.hpp
// When they are due                 schedules.hpp
// What has been, and one person     runs.hpp, why.hpp
// The home as a whole               backup.hpp, written by tar.hpp
// One person out of it              forget.hpp
// Files that people bring           files.hpp
// How long the past is kept         retention.hpp
// Reports that name many people     json_writer.hpp writes them as they come
// What goes on, as it goes on       lines.hpp
// What people and programs did      log.hpp
//
// Threads: any number may call at once.
#pragma once

#include "operations/activations.hpp"
#include "operations/apply.hpp"
#include "operations/backup.hpp"
#include "operations/check.hpp"
#include "operations/csv.hpp"
#include "operations/data_check.hpp"
#include "operations/edit.hpp"
#include "operations/files.hpp"
#include "operations/forget.hpp"
#include "operations/json_writer.hpp"
#include "operations/lines.hpp"
#include "operations/log.hpp"
#include "operations/names.hpp"
#include "operations/retention.hpp"
#include "operations/rule_words.hpp"
#include "operations/runs.hpp"
#include "operations/schedules.hpp"
#include "operations/segments.hpp"
#include "operations/sources.hpp"
#include "operations/stored.hpp"
#include "operations/why.hpp"
#include "operations/words.hpp"
#include "operations/world.hpp"
