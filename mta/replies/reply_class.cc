// Names of classes and actors.
#include "mta/replies/reply_class.h"

#include <array>
#include <utility>

namespace mxpress::mta::replies {
namespace {

using proto::Actor;

template <class Value, std::size_t kCount>
using Names = std::array<std::pair<Value, std::string_view>, kCount>;

constexpr Names<ReplyClass, 12> kClasses{{{ReplyClass::recipient, "recipient"},
                                          {ReplyClass::mailbox_full, "mailbox-full"},
                                          {ReplyClass::content, "content"},
                                          {ReplyClass::size, "size"},
                                          {ReplyClass::identity, "identity"},
                                          {ReplyClass::reputation, "reputation"},
                                          {ReplyClass::policy, "policy"},
                                          {ReplyClass::rate, "rate"},
                                          {ReplyClass::greylist, "greylist"},
                                          {ReplyClass::network, "network"},
                                          {ReplyClass::tls, "tls"},
                                          {ReplyClass::auth, "auth"}}};

constexpr Names<Actor, 7> kActors{{{Actor::sender, "sender"},
                                   {Actor::recipient, "recipient"},
                                   {Actor::administrator, "administrator"},
                                   {Actor::dns, "dns"},
                                   {Actor::hosting, "hosting"},
                                   {Actor::receiver, "receiver"},
                                   {Actor::nobody, "nobody"}}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [one, name] : table)
    if (one == value) return name;
  return {};
}

template <class Value, std::size_t kCount>
std::optional<Value> named(const Names<Value, kCount>& table, std::string_view name) {
  for (const auto& [one, its_name] : table)
    if (its_name == name) return one;
  return std::nullopt;
}

template <class Table>
std::string all_of(const Table& table) {
  std::string names;
  for (const auto& [one, name] : table) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

}  // namespace

std::string_view to_string(ReplyClass what) { return name_in(kClasses, what); }
std::optional<ReplyClass> class_named(std::string_view name) { return named(kClasses, name); }
std::string class_names() { return all_of(kClasses); }

std::string_view to_string(Actor who) { return name_in(kActors, who); }
std::optional<Actor> actor_named(std::string_view name) { return named(kActors, name); }
std::string actor_names() { return all_of(kActors); }

bool is_own_fault(ReplyClass what) {
  switch (what) {
    case ReplyClass::recipient:
    case ReplyClass::mailbox_full:
    case ReplyClass::content:
    case ReplyClass::size:
    case ReplyClass::policy:
      return false;
    default:
      return true;
  }
}

bool is_about_mailbox(ReplyClass what) { return what == ReplyClass::recipient || what == ReplyClass::mailbox_full; }

}  // namespace mxpress::mta::replies
