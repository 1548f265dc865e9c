// Certificates of authorities that are trusted instead of the system's.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "proto/result.h"

struct x509_store_st;

namespace mxpress::mta::net {

// Any thread.
class TrustAnchors {
 public:
  // Loads a file of PEM certificates. Reads the disk. An Error if it has none, or anything that is damaged.
  static Result<std::shared_ptr<const TrustAnchors>> load(const boost::filesystem::path& file);
  static Result<std::shared_ptr<const TrustAnchors>> parse(std::string_view pem);
  // SHA-256 of the certificates in hexadecimal digits: equal anchors have equal digests.
  const std::string& digest() const { return digest_; }
  x509_store_st* store() const { return store_.get(); }

 private:
  struct Free {
    void operator()(x509_store_st* store) const;
  };
  TrustAnchors() = default;
  std::unique_ptr<x509_store_st, Free> store_;
  std::string digest_;
};

}  // namespace mxpress::mta::net
