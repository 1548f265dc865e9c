// The path of this clone. The only file that is compiled differently in each clone (CMakeLists.txt).
#include "tests/support/source_folder.h"

namespace mxpress::test {

boost::filesystem::path source_folder() { return MXPRESS_SOURCE_DIR; }

}  // namespace mxpress::test
