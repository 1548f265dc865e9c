// Files and letters for the tests of composing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/compose/letter.h"
#include "tests/support/server_house.h"

namespace mxpress::testing {

// A folder with files.
class Desk {
 public:
  std::string file(const std::string& name, std::string_view octets) const;
  mta::compose::Source source(const std::string& name, std::string_view octets) const;
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

 private:
  ScratchFolder folder_;
};

// From and to somebody, on a certain day.
mta::compose::Letter short_letter();
// The octets of its message.
std::string written(mta::compose::Letter letter);
// "text/plain; ..." lines that begin with this text, in order, without the line end.
std::vector<std::string> lines_with(const std::string& message, std::string_view beginning);

}  // namespace mxpress::testing
