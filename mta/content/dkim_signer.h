// Signs content by DKIM:
//
//   dkim::KeyRing ring;
//   an Error has the action to take
//   const Status added = ring.add({domain, {{"mx2026", *key}, ...}});            // the same
//   ring.set_own(host_domain);
//   const auto signer = std::make_shared<content::DkimSigner>(std::move(ring));  // one for all workers; new keys, a new one
//   content::Pipeline pipeline(data, envelope, content::ConversionRoom::common(), signer.get());
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "mta/content/signer.h"
#include "mta/dkim/signer.h"

namespace mxpress::mta::content {

// Works in blocks of 64 KiB, and lets others on its thread run after each. The file threads compute signatures.
class DkimSigner final : public Signer {
 public:
  // True if the keys of a domain may sign a message with this header. Any thread.
  using Allows = std::function<bool(const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain)>;

  // Without `allows` they always may.
  explicit DkimSigner(dkim::KeyRing ring, Allows allows = {}) : allows_(std::move(allows)) { use(std::move(ring)); }
  Task<std::unique_ptr<Signing>> begin(std::string_view header, const proto::Envelope& envelope) override;
  std::size_t most_octets() const override { return (*signer_.lock())->most_octets(); }
  // Signs with these keys from the next message on. Any thread.
  void use(dkim::KeyRing ring) { *signer_.lock() = std::make_shared<dkim::Signer>(std::move(ring)); }

 private:
  const Allows allows_;
  mutable queue::Guarded<std::shared_ptr<dkim::Signer>> signer_;  // shared with the messages being signed
};

}  // namespace mxpress::mta::content
