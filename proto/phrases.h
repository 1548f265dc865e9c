// Other words for the fixed sentences of notices: a translation, or those of the administrator.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mxpress::proto {

// A catalogue with English sentences as keys. Keys and texts may hold names in braces, "Your message was delivered to {whom}.", which stand
// for values. The empty catalogue leaves English as it is. An immutable value after the last set(): any thread.
class Phrases {
 public:
  // The text may use the names of the key, each as often as it likes.
  void set(std::string english, std::string text);
  // Each text of the other one, over that of this one.
  void add(const Phrases& other);
  // Of the form of which the values are not known yet; `english` itself if the catalogue has none.
  std::string_view form(std::string_view english) const;
  // form() with values for the names in braces.
  using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  std::string say(std::string_view english, Values values = {}) const;
  // For English text of one or more sentences, values included: each sentence that meets a key, or the form of one with a single name, is
  // replaced; others stay.
  std::string translated(std::string_view english) const;

  std::vector<std::string_view> keys() const;
  bool empty() const { return texts_.empty(); }
  // False: some text has characters outside ASCII.
  bool is_ascii() const { return is_ascii_; }

 private:
  struct Form {  // with one name in braces
    std::string before, name, after, text;
  };
  std::string of_sentence(std::string_view sentence) const;

  std::map<std::string, std::string, std::less<>> texts_;
  std::vector<Form> forms_;
  bool is_ascii_ = true;
};

// The names in braces, in order of their first use. A brace without its counterpart is text.
std::vector<std::string_view> names_in(std::string_view form);

}  // namespace mxpress::proto
