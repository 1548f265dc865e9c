// The housekeeper's thread: does housework when there is some, and a checkpoint when the journal is long.
#pragma once

namespace mxpress::queue {

class Checkpointer;
class Housework;
class HouseworkList;

class Housekeeper {
 public:
  Housekeeper(HouseworkList& list, Housework& housework, Checkpointer& checkpointer)
      : list_(list), housework_(housework), checkpointer_(checkpointer) {}

  // Runs until HouseworkList::stop(), then ends the current round, or makes a last one if the list is not empty.
  void run();

 private:
  bool wait_for_work();

  HouseworkList& list_;
  Housework& housework_;
  Checkpointer& checkpointer_;
};

}  // namespace mxpress::queue
