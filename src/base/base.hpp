// The door of base: what every room may use. Knows nothing of the domain.
#pragma once

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "base/workers.hpp"
