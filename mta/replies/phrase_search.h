// Finds many phrases in one text in a single pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mxpress::mta::replies {

// The algorithm of Aho and Corasick: time linear in the text, whatever the phrases are. An immutable value: any thread.
//
// A phrase that begins with a letter or digit is found at the beginning of a word only, because replies end with random letters; one of up
// to kShort octets that ends with a letter or digit, as a whole word only. Longer ones may be the beginning of a word ("greylist").
class PhraseSearch {
 public:
  static constexpr std::size_t kShort = 5;
  static constexpr std::size_t kNowhere = SIZE_MAX;

  PhraseSearch() : nodes_(1) {}
  // The number of the phrase, from 0: that of an equal phrase that was added before. Not empty; in lower case.
  std::uint32_t add(std::string_view phrase);
  // After the last add(), before find().
  void finish();

  // For each phrase the end of its last occurrence, or kNowhere.
  std::vector<std::size_t> find(std::string_view text) const;

  std::size_t phrases() const { return phrases_.size(); }
  std::size_t octets() const { return nodes_.capacity() * sizeof(Node) + phrases_.capacity() * sizeof(Phrase); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    std::uint32_t first_child = kNone, next_sibling = kNone;
    std::uint32_t fallback = 0;    // the longest proper suffix of this node's text that is a node, too
    std::uint32_t phrase = kNone;  // that ends here
    std::uint32_t shorter = 0;     // the next node along the fallbacks where a phrase ends; 0: none
    char octet = 0;
  };
  struct Phrase {
    std::uint32_t length = 0;
    bool begins_word = false, ends_word = false;  // must
  };
  std::uint32_t child(std::uint32_t node, char octet) const;
  std::uint32_t step(std::uint32_t node, char octet) const;
  bool is_at(const Phrase& phrase, std::string_view text, std::size_t end) const;

  std::vector<Node> nodes_;  // the first is the root
  std::vector<Phrase> phrases_;
};

}  // namespace mxpress::mta::replies
