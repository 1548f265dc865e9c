// Finds and executes programs of mxpress.
#include "mta/cli/sendmail_programs.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mxpress::mta::cli {
namespace {

// PATH is not used, because the caller sets it: looks beside this program, and in bin beside its folder.
std::vector<std::string> places_of(const std::string& name) {
  char self[4096];
  const ssize_t size = ::readlink("/proc/self/exe", self, sizeof self);
  if (size <= 0) return {"/usr/bin/" + name};
  const std::string path(self, static_cast<std::size_t>(size));
  const std::string folder = path.substr(0, path.rfind('/'));
  return {folder + "/" + name, folder + "/../bin/" + name};
}

}  // namespace

Error become_program(const std::string& name, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), name);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  for (const std::string& place : places_of(name)) ::execv(place.c_str(), pointers.data());
  return Error::permanent("cannot start " + name + ": " + std::strerror(errno));
}

}  // namespace mxpress::mta::cli
