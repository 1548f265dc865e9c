// The only file that is compiled differently in each clone (CMakeLists.txt): it holds the clone's path.
#include "tests/support/source_folder.h"

namespace mxpress::test {

boost::filesystem::path source_folder() { return MXPRESS_SOURCE_DIR; }

}  // namespace mxpress::test
