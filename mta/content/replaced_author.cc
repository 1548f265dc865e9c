// Replaces the header in front of the body.
#include "mta/content/replaced_author.h"

#include <utility>

#include "mta/content/block.h"
#include "mta/content/header_text.h"
#include "mta/fairness/one_at_a_time.h"
#include "proto/replace_author.h"

namespace mxpress::mta::content {

Task<Result<std::unique_ptr<ReplacedAuthor>>> ReplacedAuthor::make(DataSource& original, const proto::Mailbox& author, ConversionRoom& room,
                                                                   ConversionRoom::Owner owner, fairness::OneAtATime* turns) {
  std::optional<fairness::OneAtATime::Turn> turn;
  if (turns) turn.emplace(co_await turns->take(owner.submitter));
  const Result<HeaderText> header = co_await HeaderText::read(original);
  if (!header.ok()) co_return header.error();
  std::unique_ptr<ReplacedAuthor> made(new ReplacedAuthor(original, room, std::move(owner)));
  co_await let_others_go_on_after(header->fields().size());
  auto fields = proto::replace_author(header->fields(), author);
  if (!fields) co_return made;
  if (!made->hold_.raise_to(fields->size())) co_return Error::transient("the author of too many messages is being replaced at the moment");
  made->changed_.emplace(original, fields->append("\r\n"), header->body_begin());
  co_return made;
}

}  // namespace mxpress::mta::content
