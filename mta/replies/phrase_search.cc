// Builds and runs the automaton.
#include "mta/replies/phrase_search.h"

#include "proto/ascii.h"

namespace mxpress::mta::replies {
namespace {

bool is_in_word(char c) { return proto::is_digit(c) || proto::is_alpha(c); }

}  // namespace

std::uint32_t PhraseSearch::child(std::uint32_t node, char octet) const {
  std::uint32_t one = nodes_[node].first_child;
  while (one != kNone && nodes_[one].octet != octet) one = nodes_[one].next_sibling;
  return one;
}

std::uint32_t PhraseSearch::add(std::string_view phrase) {
  std::uint32_t node = 0;
  for (const char octet : phrase) {
    std::uint32_t next = child(node, octet);
    if (next == kNone) {
      next = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({kNone, nodes_[node].first_child, 0, kNone, 0, octet});
      nodes_[node].first_child = next;
    }
    node = next;
  }
  if (nodes_[node].phrase == kNone) {
    nodes_[node].phrase = static_cast<std::uint32_t>(phrases_.size());
    const bool is_short = phrase.size() <= kShort;
    phrases_.push_back({static_cast<std::uint32_t>(phrase.size()), is_in_word(phrase.front()), is_short && is_in_word(phrase.back())});
  }
  return nodes_[node].phrase;
}

// Breadth first: the fallback of a node is shorter, so it is known already.
void PhraseSearch::finish() {
  nodes_.shrink_to_fit();
  phrases_.shrink_to_fit();
  std::vector<std::uint32_t> line{0};
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::uint32_t parent = line[i];
    for (std::uint32_t one = nodes_[parent].first_child; one != kNone; one = nodes_[one].next_sibling) {
      Node& node = nodes_[one];
      node.fallback = parent == 0 ? 0 : step(nodes_[parent].fallback, node.octet);
      const Node& behind = nodes_[node.fallback];
      node.shorter = behind.phrase != kNone ? node.fallback : behind.shorter;
      line.push_back(one);
    }
  }
}

std::uint32_t PhraseSearch::step(std::uint32_t node, char octet) const {
  for (;; node = nodes_[node].fallback) {
    const std::uint32_t next = child(node, octet);
    if (next != kNone) return next;
    if (node == 0) return 0;
  }
}

bool PhraseSearch::is_at(const Phrase& phrase, std::string_view text, std::size_t end) const {
  const std::size_t begin = end - phrase.length;
  if (phrase.begins_word && begin > 0 && is_in_word(text[begin - 1])) return false;
  return !phrase.ends_word || end == text.size() || !is_in_word(text[end]);
}

std::vector<std::size_t> PhraseSearch::find(std::string_view text) const {
  std::vector<std::size_t> ends(phrases_.size(), kNowhere);
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    node = step(node, text[i]);
    for (std::uint32_t one = nodes_[node].phrase != kNone ? node : nodes_[node].shorter; one != 0; one = nodes_[one].shorter)
      if (is_at(phrases_[nodes_[one].phrase], text, i + 1)) ends[nodes_[one].phrase] = i + 1;
  }
  return ends;
}

}  // namespace mxpress::mta::replies
