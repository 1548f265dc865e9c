// The domains that each owner's mail waits for. A destination is charged once per owner, however many of his messages wait for it.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "queue/owners.h"
#include "queue/slab.h"
#include "queue/waiting_mail.h"

namespace mxpress::queue {

// An account is an owner together with the first destination of some of his messages. While messages of an account wait, its destination is
// charged once. Not thread-safe.
class Accounts {
 public:
  // The number of an account, in 22 bits. There are at most four million accounts. Owners beyond that use the last 65,536 numbers, which do
  // not tell destinations apart: each of their messages is charged for a destination of its own.
  using Number = std::uint32_t;
  static constexpr unsigned kBits = 22;
  static constexpr Number kOwnersAlone = (Number{1} << kBits) - (Number{1} << (8 * sizeof(Owners::Number)));

  explicit Accounts(Number most = kOwnersAlone) : most_(most) {}

  // Adds one message to its account. Returns the number, to be given to remove() once.
  Number add(Owners::Number owner, const Weight& weight);
  void remove(Number account);
  // One message of the account begins to wait, or no longer waits. Both return the octets to charge, or to give back, for the destination.
  std::uint32_t begin_waiting(Number account);
  std::uint32_t end_waiting(Number account);
  // The octets that one more message would be charged for its first destination.
  std::uint32_t charge_for(Owners::Number owner, const Weight& weight) const;

  Owners::Number owner(Number account) const;
  // The weight of the first destination alone.
  Weight weight(Number account) const;

 private:
  static constexpr Number kNone = 0xFFFFFFFF;

  struct Row {
    NameHash name{};
    std::uint32_t messages = 0;  // in an unused row: index of the next unused row
    std::uint32_t waiting = 0;   // messages that wait
    std::uint16_t octets = 0;    // of the destination
    Owners::Number owner = 0;
  };
  static_assert(sizeof(Row) <= 24);  // there may be a hundred thousand
  using Rows = Slab<Row, 64>;

  struct Key {
    NameHash name;
    Owners::Number owner;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    using is_transparent = void;
    const Rows* rows;
    std::size_t operator()(const Key& key) const {
      return ((std::size_t{key.name[1]} << 32) | key.name[0]) ^ (key.owner * std::size_t{0x9E3779B97F4A7C15});
    }
    std::size_t operator()(Number row) const { return (*this)(key_of(*rows, row)); }
  };
  struct Equal {
    using is_transparent = void;
    const Rows* rows;
    bool operator()(Number a, Number b) const { return a == b; }
    bool operator()(const Key& key, Number row) const { return key == key_of(*rows, row); }
    bool operator()(Number row, const Key& key) const { return key == key_of(*rows, row); }
  };
  static Key key_of(const Rows& rows, Number row) { return {rows[row].name, rows[row].owner}; }

  std::unique_ptr<Rows> rows_ = std::make_unique<Rows>();  // the hash refers to it when this is moved
  boost::unordered_flat_set<Number, Hash, Equal> numbers_{0, Hash{rows_.get()}, Equal{rows_.get()}};
  Number most_;
  Number free_ = kNone;
};

}  // namespace mxpress::queue
