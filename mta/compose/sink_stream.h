// A stream of GMime that hands on what is written to it.
#pragma once

#include "mta/compose/gmime.h"
#include "mta/compose/message.h"

namespace mxpress::mta::compose {

// `sink` must outlive the stream.
Held<GMimeStream> make_sink_stream(const Sink& sink);

}  // namespace mxpress::mta::compose
