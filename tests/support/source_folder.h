// The place of the project's files that tests read.
#pragma once

#include <boost/filesystem/path.hpp>

namespace mxpress::test {

// The root folder of the project that this program was built from.
boost::filesystem::path source_folder();

}  // namespace mxpress::test
