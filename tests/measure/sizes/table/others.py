# ruff: noqa: E501 - a construction a line
"""What other libraries of the environment make."""

SETUP = """
import numpy as np
from tests.measure.sizes.table.running import MissingError
R = np.random.default_rng(0)
def lib(name):
    import importlib
    try: return importlib.import_module(name)
    except ImportError: raise MissingError(name) from None
def fit(path, n, **options):
    module, _, name = path.rpartition(".")
    X = R.random((n, 5)); y = (X[:, 0] > X[:, 1]).astype(int)
    return getattr(lib(module), name)(**options).fit(X, y)
def copied(x):
    import pickle; return pickle.loads(pickle.dumps(x))
def model(i):
    return Model(a=i, b=str(i))
try:
    import pydantic
    class Model(pydantic.BaseModel):
        a: int
        b: str
    @pydantic.dataclasses.dataclass
    class PData:
        a: int
except ImportError: pass
def graph(n):
    g = lib("networkx").Graph(); g.add_edges_from((i, i + 1) for i in range(n // 800)); return g
def drawn(n):
    m = lib("matplotlib"); m.use("agg"); f = lib("matplotlib.figure").Figure(); a = f.subplots()
    a.plot(np.arange(n // 32)); return f
"""

CASES = """
* model(i)
* PData(i)
* lib("pydantic").TypeAdapter(int)
* lib("pydantic").SecretStr(str(i))
* lib("pydantic_core").Url("http://a/%d" % i)
* lib("pydantic_core").MultiHostUrl("http://a/%d" % i)
* lib("yarl").URL("http://a/%d" % i)
* lib("multidict").MultiDict(a=str(i))
* lib("multidict").CIMultiDict(a=str(i))
* lib("frozenlist").FrozenList([i])
* lib("sortedcontainers").SortedList([i])
* lib("sortedcontainers").SortedDict(a=i)
* lib("rpds").HashTrieMap({i: i})
* lib("rpds").List([i, i])
* lib("wrapt").ObjectProxy([i])
* lib("markupsafe").Markup("text %d" % i)
* lib("packaging.version").Version("1.%d" % i)
* lib("packaging.requirements").Requirement("a>1")
* lib("dateutil.relativedelta").relativedelta(days=i)
* lib("arrow").get(i)
* lib("tblib").Code(compile("1", "f", "eval"))
* lib("kiwisolver").Variable("a%d" % i)
* lib("kiwisolver").Solver()
* lib("greenlet").greenlet(print)
* lib("msgpack").Packer()
* lib("msgpack").ExtType(1, b"x" * 50)
* lib("zmq").Frame(b"x" * 500)
* lib("cffi").FFI().new("char[]", 1000)
* lib("cffi").FFI()
* lib("sqlalchemy").text("a%d" % i)
* lib("sqlalchemy").column("a%d" % i)
* lib("bs4").BeautifulSoup("<a>%d</a>" % i, "html.parser")
* lib("networkx").Graph()
* lib("matplotlib.path").Path([[i, 1], [2, 3]])
* lib("matplotlib.transforms").Affine2D()
* lib("matplotlib.lines").Line2D([i], [i])
* lib("PIL.Image").new("L", (10, 10))
* lib("xarray").DataArray([i])
* lib("requests").Request("GET", "http://a/%d" % i)
* lib("httpx").URL("http://a/%d" % i)
* lib("jsonschema").Draft7Validator({})
* lib("pyparsing").Word("ab")
* lib("traitlets").Int(i)
* lib("rich.text").Text("a%d" % i)
* lib("tqdm").tqdm(total=i, disable=True)
* lib("toolz").curry(pow, i)
* lib("narwhals").col("a")
* lib("yaml").safe_load("a: [1, x%d]" % i)
* lib("tomlkit").parse("a = 1")
lib("PIL.Image").new("RGB", (1000, n // 4000), 1)
lib("PIL.Image").new("L", (1000, n // 1000), 1)
lib("PIL.Image").new("1", (1000, n // 1000), 1)
lib("PIL.Image").new("I;16", (1000, n // 2000), 1)
lib("PIL.Image").new("F", (1000, n // 4000), 1)
lib("PIL.Image").fromarray(np.ones((1000, n // 1000), "u1"))
fit("sklearn.ensemble.RandomForestClassifier", n // 3000, n_estimators=10)
fit("sklearn.ensemble.ExtraTreesRegressor", n // 3000, n_estimators=10)
fit("sklearn.ensemble.HistGradientBoostingClassifier", n // 2000)
fit("sklearn.ensemble.GradientBoostingClassifier", 300)
fit("sklearn.tree.DecisionTreeClassifier", n // 100)
fit("sklearn.neighbors.KNeighborsClassifier", n // 90, algorithm="kd_tree")
fit("sklearn.neighbors.KNeighborsClassifier", n // 90, algorithm="ball_tree")
fit("sklearn.neighbors.KNeighborsClassifier", n // 90, algorithm="brute")
fit("sklearn.neighbors.NearestNeighbors", n // 90)
fit("sklearn.svm.SVC", 500)
fit("sklearn.linear_model.LogisticRegression", 1000)
fit("sklearn.linear_model.SGDClassifier", 1000)
fit("sklearn.cluster.DBSCAN", 500)
fit("sklearn.cluster.KMeans", n // 400)
fit("sklearn.gaussian_process.GaussianProcessClassifier", 300)
fit("sklearn.neural_network.MLPClassifier", 100, max_iter=3, hidden_layer_sizes=(1000, 500))
fit("sklearn.preprocessing.StandardScaler", 100)
fit("sklearn.decomposition.PCA", 100)
fit("sklearn.isotonic.IsotonicRegression", 5) if 0 else fit("sklearn.naive_bayes.GaussianNB", 100)
fit("sklearn.ensemble.IsolationForest", n // 3000)
copied(lib("sklearn.feature_extraction.text").CountVectorizer().fit(["w%d" % i for i in range(n // 150)]))
lib("sklearn.neighbors").KDTree(R.random((n // 90, 5)))
lib("sklearn.neighbors").BallTree(R.random((n // 90, 5)))
graph(n)
lib("networkx").DiGraph([(i, i + 1) for i in range(n // 1200)])
drawn(n)
lib("xarray").Dataset({"a": ("t", np.ones(n // 8))})
lib("xarray").DataArray(np.ones((100, n // 800)), dims=("a", "b"))
lib("dask.array").from_array(np.ones(n // 8))
lib("msgpack").unpackb(lib("msgpack").packb(list(range(n // 40))))
lib("rpds").HashTrieMap({i: i for i in range(n // 200)})
lib("sortedcontainers").SortedList(range(n // 40))
lib("zarr").array(np.random.random(n // 8))
lib("blosc2").asarray(R.random(n // 8))
lib("duckdb").connect()
lib("duckdb").sql("select * from range(1000)")
lib("cffi").FFI().new("char[]", n)
lib("multidict").MultiDict((str(i), i) for i in range(n // 150))
lib("numexpr").NumExpr("a + 1")
lib("shapely").Point(1, 2)
lib("sqlalchemy").create_engine("sqlite://")
lib("h5py").File("x", "w", driver="core", backing_store=False)
lib("bs4").BeautifulSoup("<a><b>x</b></a>" * (n // 4000), "html.parser")
lib("yaml").safe_load("[" + "1.5, " * (n // 2000) + "1]") and np.ones(n // 8)
"""
