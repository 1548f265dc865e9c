// The configuration file named on the command line or in the environment.
#include "mta/config/named_file.h"

#include <boost/filesystem/operations.hpp>
#include <cstdlib>

namespace mxpress::mta::config {

std::optional<boost::filesystem::path> named_file(const std::optional<boost::filesystem::path>& option) {
  if (option) return boost::filesystem::absolute(*option);
  const char* const named = ::secure_getenv("MXPRESS_CONFIG");
  if (!named || !*named) return std::nullopt;
  return boost::filesystem::absolute(named);
}

}  // namespace mxpress::mta::config
