// A folder for one test, on the real disk; removed afterwards.
#pragma once

#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>

namespace mxpress::test {

class TempFolder {
 public:
  TempFolder() : path_(boost::filesystem::temp_directory_path() / boost::filesystem::unique_path("mxpress-test-%%%%-%%%%-%%%%")) {
    boost::filesystem::create_directory(path_);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    boost::system::error_code error;
    boost::filesystem::remove_all(path_, error);
  }
  const boost::filesystem::path& path() const { return path_; }

 private:
  boost::filesystem::path path_;
};

}  // namespace mxpress::test
