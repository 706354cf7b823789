2#include <vector>
using namespace std;
using lib::thing;
namespace fs = std::filesystem;

struct Widget { Widget *parent; void show(); int size; };

static Widget *root;

void use(const Widget &w, std::unique_ptr<Widget> owned, ns::Event *e)
{
	Widget local(1);
	Widget made{2};
	auto *fresh = new ns::Widget(3, 4);
	auto shared = std::make_shared<Widget>(5);
	auto cast = static_cast<Widget *>(ptr);

	w.show();
	owned->show();
	e->fire(w.size);
	local.show();
	fresh->show();
	shared->show();
	cast->show();
	root->show();
	w.parent->show();
	lib::free_function(w);
	ns::Type::call(1);
	ns::Template<int>::instance().go();
	maximum<int>(1, 2);
	std::sort(first, last);
	auto lambda = [&](int q) { return q + captured + w.size; };
	lambda(1);
	for (auto &item : items)
		item.touch();
	for (const Widget &each : widgets)
		each.show();
	if (auto it = find(w); it != none)
		it->second();
	try {
		throw Error("x");
	} catch (const Failure &failure) {
		failure.report();
	}
	delete root;
	ns::constant = Enum::Value;
}

class Holder {
	Widget field_;
	void run() { field_.show(); helper_->show(); }
	Widget *helper_;
};
