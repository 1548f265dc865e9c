// Prepares content for its signature, and puts that in front.
#include "mta/content/signed_content.h"

#include <utility>

#include "mta/content/block.h"
#include "mta/content/header_text.h"
#include "mta/content/plain_header.h"

namespace mxpress::mta::content {
Task<Result<std::unique_ptr<SignedContent>>> SignedContent::make(DataSource& original, Signer& signer, const proto::Envelope& envelope,
                                                                 ConversionRoom& room, ConversionRoom::Owner owner) {
  std::unique_ptr<SignedContent> made(new SignedContent(original, std::make_unique<ConversionRoom::Hold>(room, std::move(owner))));
  if (const Status clean = co_await made->clean(); !clean.ok()) co_return clean.error();
  if (const Status signature = co_await made->sign(signer, envelope); !signature.ok()) co_return signature.error();
  co_return made;
}

Task<Status> SignedContent::clean() {
  const Result<HeaderText> header = co_await HeaderText::read(original_);
  if (!header.ok()) co_return header.error();
  header_size_ = header->fields().size();
  // The header as it is, encoded, and once more while it is signed; buffers of blocks.
  const std::size_t copies = (original_.in_memory() ? 0 : 2 * kBlock + 2 * header_size_) + 2 * header_size_;
  if (!hold_->raise_to(copies)) co_return Error::transient("too much is being signed for mail hosts at the moment");
  co_await let_others_go_on_after(header_size_);
  if (header->has_empty_line() && !needs_plain_form(header->fields())) co_return Status();
  std::string fields = co_await plain_header(header->fields());
  if (!fields.empty() && !fields.ends_with("\r\n")) fields.append("\r\n");
  header_size_ = fields.size();
  clean_.emplace(original_, fields.append("\r\n"), header->body_begin());
  co_return Status();
}

Task<Status> SignedContent::sign(Signer& signer, const proto::Envelope& envelope) {
  co_await let_others_go_on_after(header_size_);
  DataSource& content = clean_ ? *clean_ : original_;
  Result<Signature> signature = co_await signer.sign(content, envelope);
  if (!signature.ok()) co_return signature.error();
  if (signature->fields.empty()) co_return Status();
  has_long_header_ = header_size_ + signature->fields.size() > kMostHeaderOfVerifiers;
  domain_ = std::move(signature->domain);
  signed_.emplace(content, std::move(signature->fields), 0);
  co_return Status();
}

}  // namespace mxpress::mta::content
