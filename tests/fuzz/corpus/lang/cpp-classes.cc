2#include "base.h"

namespace outer::inner {

enum class Color : unsigned { Red, Green };
class Forward;

template <typename T, class... Rest>
class Shape : public Base<T>, private ns::Other {
public:
	explicit Shape(int x) : x_(x), Base<T>(x) {}
	virtual ~Shape();
	int get() const override { return x_ + helper(); }
	virtual void draw(const Canvas &c) = 0;
	static Shape *make(T t);
	Shape &operator=(const Shape &o);
	operator bool() const { return true; }
	template <typename U> U convert(U u) { return u; }
	Shape(const Shape &) = delete;
protected:
	std::vector<Point> points_;
	static int count;
private:
	int x_ = 0, y_;
	struct Node { Node *next; };
	void hidden();
	friend class Friend;
	using Alias = std::map<int, T>;
};

template <typename T, class... Rest>
Shape<T, Rest...> *Shape<T, Rest...>::make(T t)
{
	return new Shape<T>(t);
}

struct Plain { int a; void run() { a = 1; } };

void Plain::later(int n) { run(); this->run(); a++; }
int Plain::total = 3;

} // namespace outer::inner

namespace {
int only_here(int a) { return a; }
class Local {};
}

namespace app {
void Elsewhere::method(const Event &e) { e.fire(); }
ns::Deep::Deep() : member(1) {}
ns::Deep::~Deep() {}
}

bool operator==(const A &a, const B &b) { return a.v == b.v; }
typedef struct { int k; } Record;
constexpr int limit = 5;
extern "C" { void c_prototype(void); void c_function() {} }
auto trailing() -> Result { return Result{}; }
