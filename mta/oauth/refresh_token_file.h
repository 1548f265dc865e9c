// The file of the refresh token of a [credentials.NAME]: STATE/oauth/NAME, mode 0600.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>

#include "mta/auth/secret.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::oauth {

// Reads and writes the disk. A provider may accept a refresh token only once, so hold() the file while using or replacing the token.
class RefreshTokenFile {
 public:
  RefreshTokenFile(const boost::filesystem::path& state_directory, const std::string& name);

  // Waits while another process or thread holds the file. The hold ends when the descriptor is closed. Creates the folder, 0700. An Error
  // also means that nothing could be written there.
  Result<system::Descriptor> hold() const;
  // If there is none the Error is permanent, and has the action to take.
  Result<auth::Secret> read() const;
  // Durable when it returns; after an Error the old token is unchanged.
  Status write(const auth::Secret& token) const;
  const boost::filesystem::path& path() const { return file_; }

 private:
  const std::string name_;
  const boost::filesystem::path file_;
};

}  // namespace mxpress::mta::oauth
